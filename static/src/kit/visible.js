// The last seven are letters that have nothing to show. lessons/unseen.py says the same.
const UNSEEN = /(?![\t\n\u00ad\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;

/** A learner's text with what a page would not show, or would obey, made visible: ESC is ␛, RLO is [U+202E]. */
export const visible = (text) => text.replace(UNSEEN, (sign) => {
  const code = sign.codePointAt(0);
  return code < 32 ? String.fromCodePoint(0x2400 + code) : `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
});
