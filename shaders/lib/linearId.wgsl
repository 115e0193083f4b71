// linearId(group, local, groups, size): the invocation's index when a long row of workgroups is folded into y.
fn linearId(group: vec3u, local: u32, groups: vec3u, size: u32) -> u32 {
  return (group.y * groups.x + group.x) * size + local;
}
