import { CommandView } from '../../resp/command-view.ts';

/** Commands that answer to another name (rename-command), while a log is loaded: there a server looks them up like anybody's. */
export class Renamed {
  /** The command's own name by the name that it has now; '' for a name that is nobody's any more. */
  private readonly names = new Map<string, string>();

  /** Upper case names, '' for none, in the order of the configuration. */
  constructor(renames: readonly (readonly [from: string, to: string])[]) {
    for (const [from, to] of renames) {
      const own = this.names.get(from) ?? from;
      this.names.set(from, '');
      if (to !== '') this.names.set(to, own);
    }
  }

  /** The command under its own name; undefined where no command has that name. */
  resolve(frame: CommandView): CommandView | undefined {
    if (this.names.size === 0) return frame;
    const own = this.names.get(frame.text(0).toUpperCase());
    if (own === undefined) return frame;
    if (own === '') return undefined;
    const rest = Array.from({ length: frame.argc - 1 }, (_, index) => frame.copy(index + 1));
    return Object.assign(CommandView.of([own, ...rest]), { ordinal: frame.ordinal });
  }
}
