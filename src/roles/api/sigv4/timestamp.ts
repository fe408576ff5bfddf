// Times as signatures carry them, without the host's Date: YYYYMMDD'T'HHMMSS'Z', and the HTTP date.

const DAY_MS = 86_400_000;
const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/** Milliseconds since 1970 of a basic ISO 8601 timestamp, or null when it is none. */
export function parseTimestamp(text: string): number | null {
  if (text.length !== 16 || text.charCodeAt(8) !== 0x54 || text.charCodeAt(15) !== 0x5a) return null;
  const year = digits(text, 0, 4);
  const month = digits(text, 4, 6);
  const day = digits(text, 6, 8);
  return timeOf(year, month, day, digits(text, 9, 11), digits(text, 11, 13), digits(text, 13, 15));
}

/** `Mon, 09 Sep 2011 23:36:00 GMT` in the basic ISO form, or null when it is no such date. */
export function timestampOfHttpDate(text: string): string | null {
  if (text.length !== 29 || !text.endsWith(" GMT")) return null;
  const month = MONTHS.indexOf(text.slice(8, 11));
  if (month < 0 || month % 3 !== 0) return null;
  const ms = timeOf(
    digits(text, 12, 16), month / 3 + 1, digits(text, 5, 7),
    digits(text, 17, 19), digits(text, 20, 22), digits(text, 23, 25),
  );
  return ms === null ? null : formatTimestamp(ms);
}

export function formatTimestamp(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const seconds = Math.floor((ms - days * DAY_MS) / 1000);
  const { year, month, day } = civilOfDays(days);
  return `${padded(year, 4)}${padded(month, 2)}${padded(day, 2)}T${padded(Math.floor(seconds / 3600), 2)}`
    + `${padded(Math.floor(seconds / 60) % 60, 2)}${padded(seconds % 60, 2)}Z`;
}

function timeOf(
  year: number, month: number, day: number, hour: number, minute: number, second: number,
): number | null {
  const isRange = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31
    && hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60;
  if (!isRange) return null;
  return daysOfCivil(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** -1 when a character is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** Days since 1970-01-01 in the Gregorian calendar; years are counted from March, so that leap days come last. */
function daysOfCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}
