// Comma-separated values as RFC 4180 has them, but for the line feed at the end of a line. Writes only.

export type Field = string | number;

/** One line with its line feed. Fields are quoted where they hold what would end them, or blanks that readers trim. */
export function csvLine(fields: readonly Field[]): string {
  return `${fields.map(quoted).join(',')}\n`;
}

function quoted(field: Field): string {
  const text = String(field);
  return /[",\r\n]|^\s|\s$|^#/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
