// A JSON object as JSON.parse gives it: nothing in it is checked yet.
export type JsonObject = { [name: string]: unknown };
