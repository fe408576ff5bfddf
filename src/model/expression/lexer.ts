// Cuts an expression into tokens. Whatever the text is, the outcome is a token list that ends with "end":
// a character that starts no token becomes one of kind "unknown", and the parser reports it.

export type TokenKind = "word" | "name" | "value" | "index" | "symbol" | "unknown" | "end";

/**
 * word: an identifier or a keyword; name: `#x`; value: `:x`; index: a list index's digits;
 * symbol: = <> < <= > >= ( ) [ ] , . + -
 */
export type Token = {
  readonly kind: TokenKind;
  readonly text: string;
  /** The keyword a word is, in capitals, or "" if it is none. */
  readonly keyword: string;
  /** Where the token stands: text.slice(from, to). */
  readonly from: number;
  readonly to: number;
};

/** What DynamoDB calls the end of an expression in its messages. */
const END_TEXT = "<EOF>";

/** Longest keyword, in characters. */
const KEYWORD_LENGTH_MAX = 7;
const keywords: ReadonlySet<string> = new Set([
  "AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE",
]);

// Character classes of ASCII; whatever is beyond ASCII starts no token.
const SPACE = 1;
const LETTER = 2;
const DIGIT = 4;
const UNDERSCORE = 8;
const SYMBOL = 16;
const WORD_PART = LETTER | DIGIT | UNDERSCORE;
const classes: Uint8Array = characterClasses();

function characterClasses(): Uint8Array {
  const table = new Uint8Array(128);
  const mark = (characters: string, bits: number): void => {
    for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = bits;
  };
  mark(" \t\r\n\f", SPACE);
  mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", LETTER);
  mark("0123456789", DIGIT);
  mark("_", UNDERSCORE);
  mark("=<>()[],.+-", SYMBOL);
  return table;
}

function classAt(text: string, at: number): number {
  const unit = text.charCodeAt(at); // NaN beyond the end, which no class has
  return unit < 128 ? (classes[unit] as number) : 0;
}

export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const bits = classAt(text, at);
    if (bits === SPACE) {
      at++;
      continue;
    }
    const kind = kindAt(text, at, bits);
    const to = endOf(text, at, kind);
    const piece = text.slice(at, to);
    tokens.push({ kind, text: piece, keyword: kind === "word" ? keywordOf(piece) : "", from: at, to });
    at = to;
  }
  tokens.push({ kind: "end", text: END_TEXT, keyword: "", from: text.length, to: text.length });
  return tokens;
}

function kindAt(text: string, at: number, bits: number): TokenKind {
  if (bits === LETTER) return "word";
  if (bits === DIGIT) return "index";
  if (bits === SYMBOL) return "symbol";
  const character = text[at];
  if ((character === "#" || character === ":") && (classAt(text, at + 1) & WORD_PART) !== 0) {
    return character === "#" ? "name" : "value";
  }
  return "unknown";
}

function endOf(text: string, at: number, kind: TokenKind): number {
  let to = at + 1;
  switch (kind) {
    case "word":
    case "name":
    case "value":
      while ((classAt(text, to) & WORD_PART) !== 0) to++;
      return to;
    case "index":
      // An index has no leading zeros: "03" is two tokens, and so a syntax error.
      if (text[at] !== "0") while (classAt(text, to) === DIGIT) to++;
      return to;
    case "symbol": {
      const pair = text.slice(at, at + 2);
      return pair === "<>" || pair === "<=" || pair === ">=" ? at + 2 : to;
    }
    case "unknown":
      return (text.codePointAt(at) as number) > 0xffff ? at + 2 : to;
    case "end":
      return to;
  }
}

function keywordOf(word: string): string {
  if (word.length > KEYWORD_LENGTH_MAX) return "";
  const capitals = word.toUpperCase();
  return keywords.has(capitals) ? capitals : "";
}
