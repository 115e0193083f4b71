declare module '*.wgsl' {
  const shader: import('./kernels/shader.ts').Shader;
  export default shader;
}

/** A hash of the shaders, kernels and lowerings that this bundle was made from. */
declare module 'plumage:fingerprint' {
  const fingerprint: string;
  export default fingerprint;
}

/** The shaders of a page, beside each other in its bundle; nothing to import from it. */
declare module 'plumage:shaders' {}
