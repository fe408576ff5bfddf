// Where clients come in: the HTTP port, and who may be let near it.
import { isIPv4 } from "node:net";
import type { HttpHandler } from "../ports/http.ts";
import { createHttpServer, type HttpServer } from "../runtime/http/http-server.ts";
import { StartError, type Credential, type TlsKeys } from "./embedded-options.ts";

export type Listening = { readonly port: number; close(graceMs: number): Promise<void> };

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const address = host.startsWith("::ffff:") ? host.slice("::ffff:".length) : host;
  return address === "localhost" || address === "::1" || (isIPv4(address) && address.startsWith("127."));
}

export function refuseOpenDoor(host: string, credentials: readonly Credential[] | null): void {
  if (credentials !== null || isLoopback(host)) return;
  throw new StartError(
    `Refusing to listen on ${host} without credentials: anybody who reaches it could read and write `
    + "everything. Give --credentials, or listen on 127.0.0.1.",
  );
}

export function endpointOf(host: string, port: number, tls: TlsKeys | undefined): string {
  return `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Port 0 chooses a free one. */
export async function listen(
  handler: HttpHandler, host: string, port: number, tls: TlsKeys | undefined,
): Promise<Listening> {
  const server = tls === undefined ? createHttpServer(handler) : serverWithTls(handler, tls);
  try {
    const bound = await server.listen(port, host);
    return { port: bound.port, close: (graceMs) => server.close(graceMs) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new StartError(`Port ${port} on ${host} is in use. Choose another with --port.`);
    }
    throw new StartError(`Cannot listen on ${host}:${port}: ${message}`);
  }
}

function serverWithTls(handler: HttpHandler, tls: TlsKeys): HttpServer {
  try {
    return createHttpServer(handler, { tls });
  } catch (error) {
    throw new StartError(
      `The certificate (--tls-cert) or its key (--tls-key) cannot be used: ${(error as Error).message}`,
    );
  }
}
