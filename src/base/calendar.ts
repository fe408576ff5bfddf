// Dates of the Gregorian calendar in UTC, computed: no clock and no locale is asked.

const DAY_MS = 86_400_000;
/** Days from 1 March of year 0 to 1 January 1970. */
const DAYS_BEFORE_EPOCH = 719_468;
const DAYS_PER_ERA = 146_097;

export type UtcTime = {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0: Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
};

/** Of milliseconds since 1970; whole years are counted from March, so that a leap day is the last of its year. */
export function utcTime(ms: number): UtcTime {
  const days = Math.floor(ms / DAY_MS);
  const seconds = Math.floor((ms - days * DAY_MS) / 1000);
  const shifted = days + DAYS_BEFORE_EPOCH;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
    weekday: (((days + 4) % 7) + 7) % 7,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
  };
}

const MONTHS = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
  "December",
] as const;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/** As Java's longest English form has it: `Thursday, October 8, 2026 at 11:20:48 PM Coordinated Universal Time`. */
export function longUtcText(ms: number): string {
  const { year, month, day, weekday, hour, minute, second } = utcTime(ms);
  const clock = `${hour % 12 === 0 ? 12 : hour % 12}:${twoDigits(minute)}:${twoDigits(second)}`;
  return `${WEEKDAYS[weekday]}, ${MONTHS[month - 1]} ${day}, ${year} at ${clock} ${hour < 12 ? "AM" : "PM"} `
    + "Coordinated Universal Time";
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
