import { type HierarchyRectangularNode, hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';
import type { PageNode } from '../data.ts';
import { element, graphic } from './dom.ts';
import { bytesText, countText, percentText } from './text.ts';

/** What the areas stand for. */
const measures = { bytes: 'Memory', keys: 'Keys', lasting: 'Memory of keys that never expire' } as const;
export type Measure = keyof typeof measures;

const width = 1000;
const height = 520;
const colours = 10;
/** Areas with less are left without a label, in units of the picture. */
const labelWidth = 44;
const labelHeight = 18;

const measured = ([, keys, bytes, , lasting]: PageNode, measure: Measure): number =>
  measure === 'keys' ? keys : measure === 'bytes' ? bytes : lasting;

/** A tree of prefixes as areas: a click or Enter goes into one, Escape or Backspace back, arrow keys move between them. */
export class Treemap {
  readonly element: HTMLElement;
  private readonly picture: SVGSVGElement;
  private readonly path: HTMLElement;
  private readonly root: PageNode;
  private readonly stack: PageNode[];
  private measure: Measure = 'bytes';

  constructor(root: PageNode) {
    this.root = root;
    this.stack = [root];
    this.picture = graphic('svg', {
      viewBox: `0 0 ${width} ${height}`,
      role: 'group',
      class: 'treemap',
      'aria-label': 'Prefixes by size',
    });
    this.path = element('nav', { class: 'path', 'aria-label': 'Prefix' });
    this.picture.addEventListener('keydown', (event) => this.onKey(event));
    this.element = element(
      'section',
      { class: 'card' },
      element('h2', {}, 'Prefixes'),
      this.measureChoice(),
      this.path,
      this.picture,
    );
    this.draw();
  }

  private measureChoice(): HTMLElement {
    const select = element('select', { 'aria-label': 'What the areas stand for' });
    for (const [name, text] of Object.entries(measures)) select.append(element('option', { value: name }, text));
    select.addEventListener('change', () => {
      this.measure = select.value as Measure;
      this.draw();
    });
    return element('p', {}, 'Areas: ', select);
  }

  private get shown(): PageNode {
    return this.stack[this.stack.length - 1];
  }

  private enter(node: PageNode): void {
    if (node[5].length === 0) return;
    this.stack.push(node);
    this.draw();
    this.cells()[0]?.focus();
  }

  private leave(depth = this.stack.length - 1): void {
    if (depth < 1) return;
    const [left] = this.stack.splice(depth);
    this.draw();
    const index = this.children().indexOf(left);
    this.cells()[Math.max(0, index)]?.focus();
  }

  private children(): readonly PageNode[] {
    return [...this.shown[5]].sort((a, b) => measured(b, this.measure) - measured(a, this.measure));
  }

  private cells(): SVGGElement[] {
    return [...this.picture.querySelectorAll<SVGGElement>('g.cell')];
  }

  private onKey(event: KeyboardEvent): void {
    const cells = this.cells();
    const index = cells.indexOf(document.activeElement as SVGGElement);
    const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined && index >= 0) cells[(index + step + cells.length) % cells.length].focus();
    else if (event.key === 'Enter' || event.key === ' ') this.enter(this.children()[index] ?? this.shown);
    else if (event.key === 'Escape' || event.key === 'Backspace') this.leave();
    else return;
    event.preventDefault();
  }

  private draw(): void {
    this.drawPath();
    const { measure, shown } = this;
    const children = this.children();
    // What has no child of its own in the tree is an area, too.
    const rest = measured(shown, measure) - children.reduce((sum, child) => sum + measured(child, measure), 0);
    const root = hierarchy<PageNode | undefined>(shown, (node) => (node === shown ? children : node?.[5]));
    const tree = root.sum((node) => (node === undefined ? 0 : own(node, measure)));
    tree.sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
    const laid = treemap<PageNode | undefined>()
      .size([width, height])
      .paddingInner(2)
      .paddingTop(0)
      .tile(treemapSquarify)(tree);
    const whole = measured(shown, measure) || 1;
    this.picture.replaceChildren();
    const areas = new Map((laid.children ?? []).map((area) => [area.data, area]));
    for (const [index, child] of children.entries()) {
      const area = areas.get(child);
      if (area !== undefined) this.picture.append(this.cell(area, child, index, whole));
    }
    if (rest > 0 && children.length === 0) this.picture.append(graphic('rect', { width, height, class: 'c0' }));
  }

  private cell(
    area: HierarchyRectangularNode<PageNode | undefined>,
    node: PageNode,
    index: number,
    whole: number,
  ): SVGGElement {
    const { x0, x1, y0, y1 } = area;
    const [name, keys, bytes, lastingKeys, , children] = node;
    const [cellWidth, cellHeight] = [Math.max(0, x1 - x0), Math.max(0, y1 - y0)];
    const size = measured(node, this.measure);
    const facts = `${name}: ${bytesText(bytes)}, ${countText(keys)} keys, ${countText(lastingKeys)} of them never expire, ${percentText(size, whole)}`;
    const group = graphic('g', {
      class: children.length > 0 ? 'cell inner' : 'cell',
      transform: `translate(${x0.toFixed(1)} ${y0.toFixed(1)})`,
      tabindex: 0,
      role: 'button',
      'aria-label': facts,
    });
    group.append(
      graphic('title', {}, facts),
      graphic('rect', { width: cellWidth, height: cellHeight, class: `c${index % colours}` }),
    );
    // The areas within, so that one sees what is in there.
    for (const inner of area.children ?? []) {
      group.append(
        graphic('rect', {
          class: 'within',
          x: (inner.x0 - x0).toFixed(1),
          y: (inner.y0 - y0).toFixed(1),
          width: Math.max(0, inner.x1 - inner.x0).toFixed(1),
          height: Math.max(0, inner.y1 - inner.y0).toFixed(1),
        }),
      );
    }
    if (cellWidth > labelWidth && cellHeight > labelHeight) {
      const most = Math.floor(cellWidth / 7.5);
      const label = name.length > most ? `${name.slice(0, Math.max(1, most - 1))}…` : name;
      group.append(graphic('text', { x: 6, y: 15 }, label));
      if (cellHeight > 2 * labelHeight)
        group.append(graphic('text', { x: 6, y: 31, class: 'size' }, sizeText(size, this.measure)));
    }
    group.addEventListener('click', () => this.enter(node));
    return group;
  }

  private drawPath(): void {
    this.path.replaceChildren();
    for (const [depth, node] of this.stack.entries()) {
      const name = depth === 0 ? 'all keys' : node[0];
      const isLast = depth === this.stack.length - 1;
      const button = element('button', { type: 'button', disabled: isLast }, name);
      button.addEventListener('click', () => this.leave(depth + 1));
      this.path.append(button);
    }
    this.path.append(
      element(
        'span',
        {},
        `${bytesText(this.shown[2])} of ${bytesText(this.root[2])}, ${countText(this.shown[1])} keys`,
      ),
    );
  }
}

const sizeText = (size: number, measure: Measure): string => (measure === 'keys' ? countText(size) : bytesText(size));

/** What of a node is in none of its children. */
function own(node: PageNode, measure: Measure): number {
  const within = node[5].reduce((sum, child) => sum + measured(child, measure), 0);
  return Math.max(0, measured(node, measure) - within);
}
