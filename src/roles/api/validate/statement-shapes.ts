// Inputs of the PartiQL operations.
import { STATEMENT_LENGTH_MAX } from "../../../model/partiql/parser.ts";
import { BOOLEAN, VALUE, integer, list, string, structure } from "./shape.ts";
import type { StructureShape } from "./shape.ts";
import { RETURN_CAPACITY, RETURN_ON_FAILURE } from "./shared-shapes.ts";

/** Statements in one BatchExecuteStatement. */
export const BATCH_STATEMENT_COUNT_MAX = 25;
/** Characters of a NextToken: the service's documented limit. */
const TOKEN_LENGTH_MAX = 32_768;

const STATEMENT_MEMBERS = {
  "Statement!": string({ min: 1, max: STATEMENT_LENGTH_MAX }),
  Parameters: list(VALUE, 1),
  ConsistentRead: BOOLEAN,
  ReturnValuesOnConditionCheckFailure: RETURN_ON_FAILURE,
} as const;

export const EXECUTE_STATEMENT: StructureShape = structure("ExecuteStatementInput", {
  ...STATEMENT_MEMBERS,
  NextToken: string({ min: 1, max: TOKEN_LENGTH_MAX }),
  ReturnConsumedCapacity: RETURN_CAPACITY,
  Limit: integer(1),
});

export const BATCH_EXECUTE_STATEMENT: StructureShape = structure("BatchExecuteStatementInput", {
  "Statements!": list(structure("BatchStatementRequest", STATEMENT_MEMBERS), 1, BATCH_STATEMENT_COUNT_MAX),
  ReturnConsumedCapacity: RETURN_CAPACITY,
});
