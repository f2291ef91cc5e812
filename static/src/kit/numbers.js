/** Small arithmetic and Russian number formats for scenes. */

/** Keeps `value` within `low`…`high`. */
export function clamp(value, low = 0, high = 1) {
  return Math.min(high, Math.max(low, value));
}

/** The point `part` (0…1) of the way from `from` to `to`. */
export function lerp(from, to, part) {
  return from + (to - from) * part;
}

/** Slow – fast – slow, 0…1 → 0…1. */
export function ease(part) {
  return part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) ** 2;
}

/** A linear scale: domain `d0…d1` → range `r0…r1`. */
export function linear(d0, d1, r0, r1) {
  const slope = (r1 - r0) / (d1 - d0 || 1);
  return (value) => r0 + (value - d0) * slope;
}

const formats = new Map();

/** 2.75 → «2,8»: a number with a decimal comma. */
export function fmt(value, digits = 1) {
  if (!formats.has(digits)) {
    formats.set(digits, new Intl.NumberFormat('ru-RU', {
      minimumFractionDigits: digits, maximumFractionDigits: digits,
    }));
  }
  return formats.get(digits).format(value);
}

/** plural(3, 'вызов', 'вызова', 'вызовов') → «3 вызова». */
export function plural(count, one, few, many) {
  const tail = Math.abs(count) % 100;
  const last = tail % 10;
  let word = many;
  if (tail < 11 || tail > 14) {
    if (last === 1) word = one;
    else if (last >= 2 && last <= 4) word = few;
  }
  return `${count}\u00a0${word}`;
}
