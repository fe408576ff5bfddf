// The one table from what can go wrong to what a client is told: error type, HTTP status, wording.
import { AssertionError, unreachable } from "../../base/assert.ts";
import { utf8Encode } from "../../base/utf8.ts";
import type { ItemJson, Outcome, Refusal } from "../../model/operation.ts";

/** An answer other than success. */
export type Failure = {
  readonly status: number;
  /** The whole `__type`: namespace, "#", name. */
  readonly type: string;
  /** Null: the answer has no message member at all. */
  readonly message: string | null;
  /** The item of a failed condition, when the client asked for it. */
  readonly item: ItemJson | null;
  /** Value of x-amz-retry-after, or null for an error that a retry does not cure. */
  readonly retryAfterMs: number | null;
  /** Members of the answer beside the message, as JSON in pieces. Absent: none. */
  readonly members?: readonly Uint8Array[];
};

const SERVICE = "com.amazonaws.dynamodb.v20120810#";
const CORAL = "com.amazon.coral.service#";
const VALIDATION = "com.amazon.coral.validate#ValidationException";
export const SERIALIZATION: string = `${CORAL}SerializationException`;

/** Long enough for a leader change to settle, short enough not to be noticed. */
const RETRY_AFTER_UNAVAILABLE_MS = 50;
/** A queue is full: give it a few turns. */
const RETRY_AFTER_OVERLOADED_MS = 100;

function failure(type: string, message: string | null, status = 400): Failure {
  return { status, type, message, item: null, retryAfterMs: null };
}

export function validation(message: string): Failure {
  return failure(VALIDATION, message);
}
export function serialization(message: string | null): Failure {
  return failure(SERIALIZATION, message);
}
export function unknownOperation(message: string | null): Failure {
  return failure(`${CORAL}UnknownOperationException`, message);
}
export function resourceNotFound(message: string): Failure {
  return failure(`${SERVICE}ResourceNotFoundException`, message);
}
export function missingToken(): Failure {
  return failure(`${CORAL}MissingAuthenticationTokenException`, "Request is missing Authentication Token");
}
export function unrecognizedClient(): Failure {
  return failure(`${CORAL}UnrecognizedClientException`, "The security token included in the request is invalid.");
}
export function invalidSignature(message: string): Failure {
  return failure(`${CORAL}InvalidSignatureException`, message);
}
export function incompleteSignature(message: string): Failure {
  return failure(`${CORAL}IncompleteSignatureException`, message);
}

/** A body that unfolds to more than a request may have. */
export function requestTooLarge(): Failure {
  return failure(`${CORAL}RequestEntityTooLargeException`, "The request body is too large", 413);
}
export function expiredIterator(): Failure {
  return failure(`${SERVICE}ExpiredIteratorException`,
    "The shard iterator has expired and can no longer be used to retrieve stream records.");
}
export function trimmedData(): Failure {
  return failure(`${SERVICE}TrimmedDataAccessException`,
    "The operation attempted to read past the oldest stream record in a shard.");
}

export function duplicateItem(): Failure {
  return failure(`${SERVICE}DuplicateItemException`, "Duplicate primary key exists in table");
}

/** A fault of this server's, not of the request. */
export function internalFailure(): Failure {
  return failure(`${SERVICE}InternalServerError`, "Internal server error", 500);
}

/** An error of the service's own, by its name. */
export function serviceError(name: string, message: string): Failure {
  return failure(SERVICE + name, message);
}

const THROUGHPUT_EXCEEDED = "The level of configured provisioned throughput for the table was exceeded. "
  + "Consider increasing your provisioning level with the UpdateTable API.";

export const TABLE_NOT_FOUND = "Requested resource not found";

export function tableNotFoundNamed(name: string): Failure {
  return resourceNotFound(`${TABLE_NOT_FOUND}: Table: ${name} not found`);
}

/** `tellsName`: the table operations name the table that is not there, the item operations do not. */
export function failureOfRefusal(refusal: Refusal, tellsName: boolean): Failure {
  switch (refusal.kind) {
    case "condition-failed":
      return {
        status: 400, type: `${SERVICE}ConditionalCheckFailedException`, message: "The conditional request failed",
        item: refusal.item, retryAfterMs: null,
      };
    case "invalid":
      return validation(refusal.message);
    case "table-not-found":
      return tellsName ? tableNotFoundNamed(refusal.name) : resourceNotFound(TABLE_NOT_FOUND);
    case "index-not-found":
      return resourceNotFound(TABLE_NOT_FOUND);
    case "table-exists":
      return failure(`${SERVICE}ResourceInUseException`, `Table already exists: ${refusal.name}`);
    case "table-in-use":
      return failure(`${SERVICE}ResourceInUseException`, refusal.message);
    case "policy-not-found":
      return failure(`${SERVICE}PolicyNotFoundException`, refusal.message);
    case "limit-exceeded":
      return failure(`${SERVICE}LimitExceededException`, refusal.message);
    case "collection-too-large":
      return failure(`${SERVICE}ItemCollectionSizeLimitExceededException`, "Collection size exceeded.");
    case "conflict":
      return failure(`${SERVICE}TransactionConflictException`, CONFLICT_TEXT);
    case "cancelled":
      return transactionCancelled(refusal.reasons.map(reasonOf));
    case "token-mismatch":
      return failure(
        `${SERVICE}IdempotentParameterMismatchException`, "DynamoDB rejected the request because you retried a request "
        + "with a different payload but with an idempotent token that was already used.",
      );
    case "token-in-progress":
      return failure(
        `${SERVICE}TransactionInProgressException`, "Transaction from previous request is still in progress",
      );
    case "unavailable":
      return { ...internalFailure(), retryAfterMs: RETRY_AFTER_UNAVAILABLE_MS };
    case "overloaded":
      return {
        status: 400, type: `${SERVICE}ThrottlingException`,
        message: "Rate of requests exceeds the allowed throughput.",
        item: null, retryAfterMs: RETRY_AFTER_OVERLOADED_MS,
      };
    case "throughput-exceeded":
      return failure(`${SERVICE}ProvisionedThroughputExceededException`, THROUGHPUT_EXCEEDED);
    default:
      return unreachable(refusal);
  }
}

// ---- Cancelled transactions.

const CONFLICT_TEXT = "Transaction is ongoing for the item";

/** Why an action of a transaction was not done; Code None: nothing was wrong with it. */
export type Reason = { readonly code: string; readonly message: string | null; readonly item: ItemJson | null };

export const NO_REASON: Reason = { code: "None", message: null, item: null };
/** Codes of reasons by the name of the exception that the action alone would be answered with. */
const REASON_CODES: ReadonlyMap<string, string> = new Map([
  ["ConditionalCheckFailedException", "ConditionalCheckFailed"],
  ["DuplicateItemException", "DuplicateItem"],
  ["ItemCollectionSizeLimitExceededException", "ItemCollectionSizeLimitExceeded"],
  ["ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded"],
  ["ThrottlingException", "ThrottlingError"],
  ["TransactionConflictException", "TransactionConflict"],
]);

export function reasonOf(refusal: Refusal | null): Reason {
  return refusal === null ? NO_REASON : reasonOfFailure(failureOfRefusal(refusal, false));
}

export function reasonOfFailure({ type, message, item }: Failure): Reason {
  const code = REASON_CODES.get(type.slice(type.indexOf("#") + 1)) ?? "ValidationError";
  return { code, message, item };
}

export function transactionCancelled(reasons: readonly Reason[]): Failure {
  const codes = reasons.map(({ code }) => code).join(", ");
  const pieces: Uint8Array[] = [];
  let text = ',"CancellationReasons":[';
  reasons.forEach(({ code, message, item }, i) => {
    text += `${i === 0 ? "" : ","}{"Code":"${code}"`;
    if (message !== null) text += `,"Message":${JSON.stringify(message)}`;
    if (item !== null) {
      pieces.push(utf8Encode(`${text},"Item":`), item);
      text = "";
    }
    text += "}";
  });
  pieces.push(utf8Encode(`${text}]`));
  const told = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return { ...failure(`${SERVICE}TransactionCanceledException`, told), members: pieces };
}

/** Types whose text stands in "Message"; of all others it stands in "message". */
const CAPITAL: ReadonlySet<string> = new Set([
  SERIALIZATION, `${SERVICE}TransactionCanceledException`, `${SERVICE}IdempotentParameterMismatchException`,
  `${SERVICE}TransactionInProgressException`,
]);

export function messageMember(type: string): "Message" | "message" {
  return CAPITAL.has(type) ? "Message" : "message";
}

/** The failure of an outcome that is none of the successes its operation can have. */
export function failureOf(outcome: Outcome, tellsName = false): Failure {
  switch (outcome.kind) {
    case "item": case "written": case "page": case "stream-page": case "items": case "batch-written": case "table":
    case "tables": case "transacted":
      throw new AssertionError("an outcome of another operation");
    default:
      return failureOfRefusal(outcome, tellsName);
  }
}
