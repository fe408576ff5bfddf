// The floor of any HTTP server in Node: node:http used well, a JSON.parse of the body, and an answer of 900 bytes.
import { createServer } from "node:http";

const ANSWER = `{"data":"${"a".repeat(889)}"}`;
const HEADERS = ["Content-Type", "application/x-amz-json-1.0", "Content-Length", String(ANSWER.length)];

const server = createServer({ noDelay: true }, (request, response) => {
  let first: Buffer | null = null;
  request.on("data", (chunk: Buffer) => {
    first = first === null ? chunk : Buffer.concat([first, chunk]);
  });
  request.on("end", () => {
    if (first !== null) JSON.parse((first as Buffer).toString());
    response.sendDate = false;
    response.writeHead(200, HEADERS);
    response.end(ANSWER, "latin1");
  });
});
server.keepAliveTimeout = 0;
server.listen(Number(process.argv[2]), "127.0.0.1");
