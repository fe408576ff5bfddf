// What the process tells its caller when it ends. Part of the interface: scripts depend on the numbers.

/** Did what was asked; for `start`: was asked to stop and stopped cleanly. */
export const EXIT_OK = 0;
/** Ran and found something wrong: damaged data in `inspect`, too many failed nodes in `start`. */
export const EXIT_FAILED = 1;
/** The command line cannot be understood; nothing was done. */
export const EXIT_USAGE = 2;
/** Cannot start: port in use, data directory in use or not readable, an open door without credentials. */
export const EXIT_CANNOT_START = 3;
/** A bug: an assertion failed. The message asks for a report. */
export const EXIT_BUG = 70;
/** A second signal cut the clean stop short; the signal's number is added, as shells do. */
export const EXIT_FORCED_BASE = 128;
