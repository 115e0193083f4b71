// The style sheet of our HTML pages: light and dark, phone and desktop, paper. Colours of charts are its variables; those of many
// kinds (--k1 to --k7) follow Okabe and Ito's palette, which colour-blind readers can tell apart.

export const style = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --surface: #ffffff; --ink: #1b1f24; --muted: #5c636e; --grid: #e4e5e8; --edge: #e2e3e6;
  --ours: #0b6fb0; --peer: #8d95a1; --cpu: #c5cad2; --whisker: #1b1f24; --worse: #c2480b;
  --warn: #7a4a00; --warn-surface: #fff4dc; --warn-edge: #eccf91;
  --k1: #0b6fb0; --k2: #d98c00; --k3: #00916a; --k4: #c2669a; --k5: #4fa8dc; --k6: #c2480b; --k7: #8a7a00; --k8: #8d95a1;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #101215; --surface: #181b20; --ink: #eceef1; --muted: #a2a9b5; --grid: #2b3038; --edge: #2b3038;
    --ours: #5ab4ea; --peer: #727b89; --cpu: #525a68; --whisker: #eceef1; --worse: #f08048;
    --warn: #f5cf86; --warn-surface: #2c2412; --warn-edge: #5b4a20;
    --k1: #5ab4ea; --k2: #eaa92c; --k3: #2fbf94; --k4: #dd8fbb; --k5: #2f7fb8; --k6: #f08048; --k7: #cdbd3c; --k8: #727b89;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.55 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1010px; margin: 0 auto; padding: 40px 24px 72px; }
h1, h2, h3 { line-height: 1.2; letter-spacing: -0.011em; text-wrap: balance; }
h1 { font-size: clamp(28px, 5vw, 42px); font-weight: 700; margin: 6px 0 14px; letter-spacing: -0.022em; }
h2 { font-size: 23px; margin: 56px 0 6px; padding-top: 22px; border-top: 1px solid var(--edge); }
h3 { font-size: 16px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0 0 12px; max-width: 76ch; }
small { color: var(--muted); font-size: inherit; }
.eyebrow { color: var(--ours); font-weight: 650; font-size: 13px; margin: 0; }
.lead { color: var(--muted); font-size: 16px; }
.lead strong { color: var(--ink); font-weight: 600; }
.warning {
  background: var(--warn-surface); color: var(--warn); border: 1px solid var(--warn-edge); border-radius: 10px;
  padding: 11px 16px; margin: 18px 0; max-width: none;
}
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(205px, 1fr)); gap: 12px; margin: 24px 0; padding: 0; list-style: none; }
.tiles li { background: var(--surface); border: 1px solid var(--edge); border-radius: 12px; padding: 16px 18px; }
.tiles b { display: block; font-size: 32px; line-height: 1.1; letter-spacing: -0.025em; font-variant-numeric: tabular-nums; color: var(--ours); }
.tiles .behind b { color: var(--worse); }
.tiles span { display: block; margin-top: 6px; font-weight: 600; font-size: 14px; line-height: 1.35; }
.tiles small { display: block; font-size: 13px; line-height: 1.4; margin-top: 3px; }
.tiles em { font-style: normal; white-space: nowrap; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(205px, 1fr)); gap: 12px 24px; margin: 24px 0 0; }
.facts div { border-top: 1px solid var(--edge); padding-top: 8px; }
.facts dt { color: var(--muted); font-size: 13px; }
.facts dd { margin: 1px 0 0; font-weight: 550; overflow-wrap: anywhere; }
figure { --sheet: var(--surface); background: var(--surface); border: 1px solid var(--edge); border-radius: 12px; padding: 20px 22px 14px; margin: 18px 0; break-inside: avoid; }
figcaption p { color: var(--muted); font-size: 14px; margin: 5px 0 14px; max-width: 92ch; }
figure svg { display: block; max-width: 100%; height: auto; overflow: visible; }
.wide { display: flex; align-items: flex-start; justify-content: space-between; gap: 24px; }
.wide svg { min-width: 0; flex: 0 1 auto; }
.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: 3px 18px; margin: 0 0 10px; padding: 0; list-style: none; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; }
.legend svg { width: 11px; height: 11px; flex: none; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--ours); outline-offset: 2px; }
details .scroll { max-height: 420px; overflow-y: auto; }
details { margin-top: 10px; font-size: 13px; }
summary { color: var(--muted); cursor: pointer; width: fit-content; border-radius: 4px; }
summary:hover { color: var(--ink); }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; margin: 8px 0; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 2px; }
th { color: var(--muted); font-weight: 600; border-bottom: 1px solid var(--edge); position: sticky; top: 0; background: var(--sheet, var(--page)); }
th.text, td.text { text-align: left; }
tbody tr + tr.begins td { border-top: 1px solid var(--edge); }
tr.ours td { font-weight: 650; }
tr.ours td:first-child { color: var(--ours); }
tr.group th { position: static; text-align: left; color: var(--ink); padding-top: 14px; }
tr.group th span { position: sticky; left: 2px; }
tbody td:first-child { position: sticky; left: 0; background: var(--sheet, var(--page)); }
.notes { color: var(--muted); font-size: 13.5px; margin: 10px 0 0; padding-left: 18px; }
.notes li { margin: 3px 0; max-width: 92ch; }
footer { color: var(--muted); font-size: 13px; margin-top: 56px; padding-top: 18px; border-top: 1px solid var(--edge); }
@media (max-width: 759px) {
  main { padding: 26px 14px 48px; }
  figure { padding: 16px 14px 10px; }
  .wide { display: none; }
  .narrow { display: block; }
  .narrow svg { width: 100%; max-width: 480px; margin: 0 auto; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 10px; }
  .tiles li { padding: 13px 14px; }
  .tiles b { font-size: 27px; }
  .facts { grid-template-columns: 1fr 1fr; gap: 10px 16px; }
}
@media print {
  :root { --page: #ffffff; }
  body { font-size: 12px; }
  main { max-width: none; padding: 0; }
  .wide { display: flex; }
  .narrow { display: none; }
  figure, .tiles li { border-color: #ccc; }
  h2 { break-after: avoid; margin-top: 28px; }
  details:not([open]) { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
