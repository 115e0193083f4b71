// Numbers and names as our HTML pages show them.

/** `1 dispatch`, `2 dispatches`. */
export function count(number: number, one: string, more = `${one}s`): string {
  return `${whole(number)} ${number === 1 ? one : more}`;
}

/** A whole number, grouped: 96; 5,794. */
export function whole(number: number): string {
  return number.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three digits or more, grouped: 21,412; 412; 41.2; 4.12; 0.041. */
export function digits(value: number): string {
  const size = Math.abs(value);
  const places = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : 4;
  const [whole, fraction] = (size === 0 ? '0' : value.toFixed(places)).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction ? `${grouped}.${fraction}` : grouped;
}

/** Milliseconds with the unit that reads best: 21.4 s, 412 ms, 84 µs. */
export function time(milliseconds: number): string {
  if (milliseconds >= 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds >= 99.5) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds >= 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds >= 0.0995 || milliseconds === 0) return `${milliseconds.toFixed(2)} ms`;
  return `${(milliseconds * 1000).toFixed(0)} µs`;
}

export function megabytes(bytes: number): string {
  return `${digits(bytes / 1e6)} MB`;
}

export function percent(share: number): string {
  if (share > 0 && share < 0.0005) return '<0.1 %';
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

/** The middle of a long name gives way to an ellipsis. */
export function shorten(name: string, length: number): string {
  if (name.length <= length) return name;
  const tail = Math.ceil((length - 1) / 2);
  return `${name.slice(0, length - 1 - tail)}…${name.slice(-tail)}`;
}

/** 2026-11-23 21:05 UTC; text that is no date stays as it is. */
export function day(date: string): string {
  const parsed = new Date(date);
  return Number.isNaN(parsed.getTime()) ? date : `${parsed.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
