// What a replica's own records and CONFIG entries say beyond their LSN and ballot, and the records that say again what
// must outlive a segment.
import { ballotFrom, lsn as lsnOf } from "../../base/ids.ts";
import type { Ballot, GroupId, Lsn } from "../../base/ids.ts";
import { decodeConfiguration, encodeConfiguration } from "../../wire/group-configuration.ts";
import type { Configuration } from "../../wire/group-configuration.ts";
import { BASE, COMMIT, CONFIG, CONFIGURATION, FORGOTTEN, PROMISE } from "../../wire/log-record.ts";
import type { LogRecord, RecordKind } from "../../wire/log-record.ts";
import { makeRecord } from "../../wire/record-checksum.ts";

/** A configuration of a group, and the LSN and ballot of its CONFIG entry (LSN 0: the group began with it). */
export type LoggedConfiguration = {
  readonly lsn: Lsn;
  readonly ballot: Ballot;
  readonly configuration: Configuration;
};

/** Where a group's log begins: behind the entry at `lsn`, which has `ballot`. */
export type LogBase = { readonly lsn: Lsn; readonly ballot: Ballot };

/** A configuration, or that a BASE is said again; null for a record that says no more. */
export type RecordDetail = Configuration | "restated" | null;

const RESTATED = 1;
const NOTHING = new Uint8Array(0);

/** Undefined when the payload is none of a record of this kind. Payloads of WRITE and SPLIT are not looked at. */
export function detailOf(kind: RecordKind, payload: Uint8Array): RecordDetail | undefined {
  if (kind === CONFIG || kind === CONFIGURATION) return decodeConfiguration(payload) ?? undefined;
  if (kind !== BASE || payload.length === 0) return null;
  return payload.length === 1 && payload[0] === RESTATED ? "restated" : undefined;
}

export function promiseRecord(group: GroupId, ballot: Ballot): LogRecord {
  return makeRecord(PROMISE, group, lsnOf(0), ballot, NOTHING);
}

export function commitRecord(group: GroupId, lsn: Lsn): LogRecord {
  return makeRecord(COMMIT, group, lsn, ballotFrom(0), NOTHING);
}

export function restatedBase(group: GroupId, base: LogBase): LogRecord {
  return makeRecord(BASE, group, base.lsn, base.ballot, Uint8Array.of(RESTATED));
}

export function configurationRecord(group: GroupId, logged: LoggedConfiguration): LogRecord {
  const { lsn, ballot, configuration } = logged;
  return makeRecord(CONFIGURATION, group, lsn, ballot, encodeConfiguration(configuration));
}

export function forgottenRecord(group: GroupId): LogRecord {
  return makeRecord(FORGOTTEN, group, lsnOf(0), ballotFrom(0), NOTHING);
}
