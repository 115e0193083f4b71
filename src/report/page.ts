// One self-contained HTML file: the style sheet inside, no script, nothing loaded from elsewhere.

import { type Html, html, nothing } from './html.ts';
import { style } from './style.ts';

/** `more` is CSS that only this page needs; with `refresh` it loads itself again after so many seconds. */
export function page(title: string, body: Html, more = '', refresh?: number): string {
  const head = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">${refresh ? html`\n<meta http-equiv="refresh" content="${refresh}">` : nothing}
<title>${title}</title>
<style>`.text;
  return `${head}${style}${more}</style>
</head>
<body>
${body.text}
</body>
</html>
`;
}
