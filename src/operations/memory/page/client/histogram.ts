import type { PageBin } from '../data.ts';
import { element, graphic } from './dom.ts';
import { bytesText, countText, percentText } from './text.ts';

const width = 460;
const rowHeight = 22;
const labelWidth = 150;

/** Bars, each with its range, its keys and its bytes. */
export function histogram(
  title: string,
  bins: readonly PageBin[],
  text: (value: number) => string,
): HTMLElement | undefined {
  const filled = bins.filter(({ keys }) => keys > 0);
  if (filled.length === 0) return undefined;
  const most = Math.max(...filled.map(({ keys }) => keys));
  const all = filled.reduce((sum, { keys }) => sum + keys, 0);
  const picture = graphic('svg', {
    viewBox: `0 0 ${width} ${filled.length * rowHeight}`,
    role: 'img',
    class: 'bars',
    'aria-label': title,
  });
  for (const [index, bin] of filled.entries()) {
    const y = index * rowHeight;
    const length = ((width - labelWidth - 80) * bin.keys) / most;
    const facts = `${rangeText(bin, text)}: ${countText(bin.keys)} keys, ${bytesText(bin.bytes)}, ${percentText(bin.keys, all)}`;
    picture.append(
      graphic(
        'g',
        {},
        graphic('title', {}, facts),
        graphic('text', { x: labelWidth - 8, y: y + 15, 'text-anchor': 'end' }, rangeText(bin, text)),
        graphic('rect', {
          x: labelWidth,
          y: y + 3,
          width: Math.max(1, length).toFixed(1),
          height: rowHeight - 6,
          class: 'bar',
        }),
        graphic('text', { x: labelWidth + length + 6, y: y + 15 }, countText(bin.keys)),
      ),
    );
  }
  return element('section', { class: 'card' }, element('h2', {}, title), picture);
}

function rangeText({ from, to }: PageBin, text: (value: number) => string): string {
  if (from === undefined) return to === undefined ? 'all' : `below ${text(to)}`;
  return to === undefined ? `${text(from)} and more` : `${text(from)} – ${text(to)}`;
}
