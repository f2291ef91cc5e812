const UNSEEN = /(?![\t\n\u00ad\u200d])[\p{Cc}\p{Cf}]/gu;

/** A learner's text with what a page would not show, or would obey, made visible: ESC is ␛, RLO is [U+202E]. */
export const visible = (text) => text.replace(UNSEEN, (sign) => {
  const code = sign.codePointAt(0);
  return code < 32 ? String.fromCodePoint(0x2400 + code) : `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
});
