/* Numbers and moments for people. */

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytesText(bytes: number): string {
  const sign = bytes < 0 ? '-' : '';
  let rest = Math.abs(bytes);
  let unit = 0;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${sign}${unit === 0 ? rest : rest.toPrecision(3)} ${units[unit]}`;
}

export const countText = (count: number): string => count.toLocaleString('en-US');

export const percentText = (part: number, whole: number): string =>
  whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`;

export function durationText(seconds: number): string {
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? '-' : '';
  if (size < 120) return `${sign}${Math.round(size)} s`;
  if (size < 7200) return `${sign}${Math.round(size / 60)} min`;
  if (size < 172_800) return `${sign}${Math.round(size / 3600)} h`;
  return `${sign}${countText(Math.round(size / 86_400))} d`;
}

/** A number with its sign. */
export const signedText = (value: number, text: (value: number) => string): string =>
  value > 0 ? `+${text(value)}` : text(value);
