// The command line of `stator node`, turned into options that are whole and in range, or into a message.
import { resolve } from "node:path";
import type { NodeOptions } from "../app/node-options.ts";
import { splitAddress } from "../runtime/tcp/outgoing-link.ts";
import {
  checkHost, parseCredentials, parseDoor, parseExpiry, parseLogLevel, parseRegion, parseWhole, PARTITIONS_MAX, PORT_MAX,
  UsageError,
} from "./start-options.ts";

/** The options as commander leaves them. */
export type NodeArguments = {
  readonly zone: string;
  readonly dataDir: string;
  readonly listen: string;
  readonly advertise?: string;
  readonly insecurePeers?: boolean;
  readonly join?: string;
  readonly host: string;
  readonly port: string;
  readonly credentials?: string;
  readonly cors?: string | boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly partitions: string;
  readonly ttlSweep: string;
  readonly capacity: string;
  readonly region: string;
  readonly logLevel: string;
};

export type ParsedNode =
  | { readonly ok: true; readonly options: Omit<NodeOptions, "tell"> }
  | { readonly ok: false; readonly message: string };

export const NODE_DEFAULTS = { listen: "127.0.0.1:7000", capacity: "10000" } as const;

const ZONE = /^[A-Za-z0-9][\w.-]{0,62}$/;
const CAPACITY_MAX = 1_000_000;
const UNSPECIFIED: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);
/** Addresses on one command line: where to look, or whom to make a cluster of. */
const ADDRESSES_MAX = 100;

export function parseNodeArguments(given: NodeArguments): ParsedNode {
  try {
    return { ok: true, options: parse(given) };
  } catch (error) {
    if (error instanceof UsageError) return { ok: false, message: error.message };
    throw error;
  }
}

function parse(given: NodeArguments): Omit<NodeOptions, "tell"> {
  if (!ZONE.test(given.zone)) throw new UsageError(`--zone ${given.zone} is not a word, for example az1.`);
  if (given.dataDir === "") throw new UsageError("--data-dir is empty; give a directory.");
  checkHost(given.host);
  const listen = parseAddress("--listen", given.listen);
  if (UNSPECIFIED.has(listen.host) && given.advertise === undefined) {
    throw new UsageError(`--listen ${given.listen} is every address of this machine: say with --advertise which one `
      + "peers are to use.");
  }
  if (given.advertise !== undefined && parseAddress("--advertise", given.advertise).port === 0) {
    throw new UsageError("--advertise needs the port that peers connect to.");
  }
  return {
    zone: given.zone,
    dataDir: resolve(given.dataDir),
    listenHost: listen.host,
    listenPort: listen.port,
    advertise: given.advertise ?? null,
    isInsecureAllowed: given.insecurePeers === true,
    join: given.join === undefined ? [] : parseAddresses("--join", given.join),
    apiHost: given.host,
    apiPort: parseWhole("--port", given.port, 0, PORT_MAX),
    credentials: given.credentials === undefined ? null : parseCredentials(given.credentials),
    ...parseDoor(given),
    partitionsPerTable: parseWhole("--partitions", given.partitions, 1, PARTITIONS_MAX),
    expiry: parseExpiry(given.ttlSweep),
    capacity: parseWhole("--capacity", given.capacity, 1, CAPACITY_MAX),
    region: parseRegion(given.region),
    logLevel: parseLogLevel(given.logLevel),
  };
}

function parseAddress(name: string, text: string): { readonly host: string; readonly port: number } {
  const address = splitAddress(text);
  if (address === null) throw new UsageError(`${name} ${text} is not HOST:PORT, for example 127.0.0.1:7001.`);
  return address;
}

/** Addresses that somebody listens on, separated by commas. */
export function parseAddresses(name: string, text: string): readonly string[] {
  const addresses = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (addresses.length === 0) throw new UsageError(`${name} names nobody; give HOST:PORT, separated by commas.`);
  if (addresses.length > ADDRESSES_MAX) throw new UsageError(`${name} has more than ${ADDRESSES_MAX} addresses.`);
  for (const address of addresses) {
    if (parseAddress(name, address).port === 0) throw new UsageError(`${name} ${address} has no port.`);
  }
  return [...new Set(addresses)];
}
