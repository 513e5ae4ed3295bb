import { allocation } from './allocator.ts';

/** The structure of a tree, of 24 bytes, in an allocation. */
const structureBytes = 32;

/**
 * Counts the nodes of a radix tree (rax.c) over names of 16 bytes, given in ascending order: a leaf for each, a node for each place where
 * names part, and one for each run of bytes between those.
 */
export class RadixTree {
  names = 0;
  /** After `end`: what the tree allocates, whatever it counts with. */
  allocated = 0;
  private nodes = 0;
  /** Bytes of all nodes: 4 and padding, the characters, 8 for each child and for the value of a leaf. */
  private bytes = 0;
  /** Where names part on the way to the last one, and how many children there are. */
  private readonly depths = new Uint8Array(17);
  private readonly children = new Uint16Array(17);
  private top = 0;
  private readonly last = new Uint8Array(16);
  private parting = -1;

  begin(): void {
    this.names = this.nodes = this.bytes = this.top = 0;
    this.parting = -1;
  }

  add(name: Uint8Array, from: number): void {
    const { last } = this;
    if (this.names++ > 0) {
      let common = 0;
      while (common < 16 && last[common] === name[from + common]) common++;
      if (common === 16) {
        this.names--;
        return;
      }
      this.part(common);
    }
    for (let index = 0; index < 16; index++) last[index] = name[from + index];
  }

  /** The last name's leaf is known to hang below the deeper of the places where it parts from its neighbours. */
  private part(depth: number): void {
    this.leaf(Math.max(depth, this.parting));
    this.close(depth);
    const { depths, children } = this;
    if (this.top > 0 && depths[this.top - 1] === depth) children[this.top - 1]++;
    else {
      depths[this.top] = depth;
      children[this.top++] = 2;
    }
    this.parting = depth;
  }

  private leaf(parent: number): void {
    this.node(0, true);
    this.run(15 - parent);
  }

  /** Ends the places deeper than `depth`. */
  private close(depth: number): void {
    const { depths, children } = this;
    while (this.top > 0 && depths[this.top - 1] > depth) {
      this.top--;
      const parent = Math.max(depth, this.top > 0 ? depths[this.top - 1] : -1);
      this.branch(children[this.top]);
      this.run(depths[this.top] - parent - 1);
    }
  }

  private run(length: number): void {
    if (length > 0) this.node(length, false);
  }

  private branch(children: number): void {
    this.nodes++;
    this.bytes += allocation(((4 + children + 7) & ~7) + 8 * children);
  }

  private node(characters: number, isLeaf: boolean): void {
    this.nodes++;
    this.bytes += allocation(((4 + characters + 7) & ~7) + (characters > 0 || isLeaf ? 8 : 0));
  }

  /** The tree's bytes: `structure` and what its nodes allocate, or, without, what servers say before they counted that. */
  end(structure: number): number {
    this.allocated = structureBytes + 8;
    if (this.names === 0) return structure === 0 ? 244 : structure + 8;
    this.leaf(this.parting);
    this.close(-1);
    this.allocated = structureBytes + this.bytes;
    return structure === 0 ? this.names * 16 + this.nodes * 244 : structure + this.bytes;
  }
}
