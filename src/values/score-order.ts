/**
 * The order of a sorted set: by score, then by the member's bytes (binary strings compare as memcmp does).
 *
 * Blocks of at most 512 neighbours, each a pair of arrays. Adding and removing costs a search for the block and a move
 * within it; a rank costs a walk over the blocks, of which a million members need some four thousand.
 */

const blockCountMax = 512;

interface Block {
  members: string[];
  scores: number[];
}

/** True if (scoreA, memberA) comes before (scoreB, memberB). */
function precedes(scoreA: number, memberA: string, scoreB: number, memberB: string): boolean {
  return scoreA < scoreB || (scoreA === scoreB && memberA < memberB);
}

export class ScoreOrder {
  private blocks: Block[] = [];
  private count = 0;

  /** Orders the entries of a sorted set. */
  constructor(entries: Iterable<[string, number]>) {
    const pairs = [...entries];
    pairs.sort((a, b) => (a[1] === b[1] ? byMember(a[0], b[0]) : a[1] < b[1] ? -1 : 1));
    const perBlock = blockCountMax / 2;
    for (let start = 0; start < pairs.length; start += perBlock) {
      const part = pairs.slice(start, start + perBlock);
      this.blocks.push({ members: part.map((pair) => pair[0]), scores: part.map((pair) => pair[1]) });
    }
    this.count = pairs.length;
  }

  get size(): number {
    return this.count;
  }

  /** Adds a member that is not there. */
  insert(score: number, member: string): void {
    if (this.blocks.length === 0) this.blocks.push({ members: [], scores: [] });
    const index = Math.min(this.blockIndex(score, member), this.blocks.length - 1);
    const block = this.blocks[index];
    const position = positionIn(block, score, member);
    block.members.splice(position, 0, member);
    block.scores.splice(position, 0, score);
    this.count++;
    if (block.members.length > blockCountMax) this.split(index);
  }

  /** Removes a member that is there with exactly this score. */
  remove(score: number, member: string): void {
    const index = this.blockIndex(score, member);
    const block = this.blocks[index];
    this.removeFromBlock(index, positionIn(block, score, member), 1);
  }

  /** The lowest rank for which `reached` is true; it must be false up to some rank and true from there on. */
  firstRank(reached: (score: number, member: string) => boolean): number {
    let rank = 0;
    for (const block of this.blocks) {
      const length = block.members.length;
      if (!reached(block.scores[length - 1], block.members[length - 1])) {
        rank += length;
        continue;
      }
      let low = 0;
      let high = length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (reached(block.scores[middle], block.members[middle])) high = middle;
        else low = middle + 1;
      }
      return rank + low;
    }
    return rank;
  }

  /** Visits the ranks `start` … `stop` (inclusive, within the set) in ascending order. */
  visit(start: number, stop: number, visitor: (member: string, score: number) => void): void {
    let rank = 0;
    for (const block of this.blocks) {
      const length = block.members.length;
      if (rank > stop) return;
      const last = Math.min(length - 1, stop - rank);
      for (let i = Math.max(0, start - rank); i <= last; i++) visitor(block.members[i], block.scores[i]);
      rank += length;
    }
  }

  /** Takes out the ranks `start` … `stop` (inclusive, within the set) and hands back their members. */
  takeRanks(start: number, stop: number): string[] {
    const taken: string[] = [];
    let left = stop - start + 1;
    let index = 0;
    let position = start;
    while (position >= this.blocks[index].members.length) position -= this.blocks[index++].members.length;
    while (left > 0) {
      const block = this.blocks[index];
      const part = Math.min(left, block.members.length - position);
      for (let i = 0; i < part; i++) taken.push(block.members[position + i]);
      if (!this.removeFromBlock(index, position, part)) index++;
      left -= part;
      position = 0;
    }
    return taken;
  }

  /** The member of the lowest or of the highest rank; the set must not be empty. */
  end(highest: boolean): string {
    const members = this.blocks[highest ? this.blocks.length - 1 : 0].members;
    return members[highest ? members.length - 1 : 0];
  }

  *entries(): IterableIterator<[string, number]> {
    for (const block of this.blocks) {
      for (let i = 0; i < block.members.length; i++) yield [block.members[i], block.scores[i]];
    }
  }

  /** Index of the first block whose last entry does not come before this one; the number of blocks if none. */
  private blockIndex(score: number, member: string): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { members, scores } = this.blocks[middle];
      const last = members.length - 1;
      if (last < 0 || precedes(scores[last], members[last], score, member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Removes `count` entries of a block; true if the block itself went with them. */
  private removeFromBlock(index: number, position: number, count: number): boolean {
    const block = this.blocks[index];
    this.count -= count;
    if (count === block.members.length) {
      this.blocks.splice(index, 1);
      return true;
    }
    block.members.splice(position, count);
    block.scores.splice(position, count);
    return false;
  }

  private split(index: number): void {
    const block = this.blocks[index];
    const half = block.members.length >> 1;
    const upper = { members: block.members.splice(half), scores: block.scores.splice(half) };
    this.blocks.splice(index + 1, 0, upper);
  }
}

function byMember(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Position of the first entry of the block that does not come before this one. */
function positionIn(block: Block, score: number, member: string): number {
  let low = 0;
  let high = block.members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (precedes(block.scores[middle], block.members[middle], score, member)) low = middle + 1;
    else high = middle;
  }
  return low;
}
