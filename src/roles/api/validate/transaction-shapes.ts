// Inputs of the transactions.
import { TRANSACTION_COUNT_MAX } from "../../../model/limits.ts";
import { STATEMENT_LENGTH_MAX } from "../../../model/partiql/parser.ts";
import { ITEM, TEXT, VALUE, VALUES, list, string, structure } from "./shape.ts";
import type { StringShape, StructureShape } from "./shape.ts";
import { TABLE_NAME_OR_ARN } from "./names.ts";
import { NAMES, RETURN_CAPACITY, RETURN_METRICS, RETURN_ON_FAILURE } from "./shared-shapes.ts";

/** Characters of a ClientRequestToken: the service's documented limit. */
const REQUEST_TOKEN_LENGTH_MAX = 36;
const REQUEST_TOKEN: StringShape = string({ min: 1, max: REQUEST_TOKEN_LENGTH_MAX });

/** What all actions have beside their condition. */
const EXPRESSION_MEMBERS = {
  ExpressionAttributeNames: NAMES,
  ExpressionAttributeValues: VALUES,
  ReturnValuesOnConditionCheckFailure: RETURN_ON_FAILURE,
} as const;

const TRANSACT_WRITE_ITEM = structure("TransactWriteItem", {
  ConditionCheck: structure("ConditionCheck", {
    "Key!": ITEM,
    "TableName!": TABLE_NAME_OR_ARN,
    "ConditionExpression!": TEXT,
    ...EXPRESSION_MEMBERS,
  }),
  Put: structure("Put", {
    "Item!": ITEM,
    "TableName!": TABLE_NAME_OR_ARN,
    ConditionExpression: TEXT,
    ...EXPRESSION_MEMBERS,
  }),
  Delete: structure("Delete", {
    "Key!": ITEM,
    "TableName!": TABLE_NAME_OR_ARN,
    ConditionExpression: TEXT,
    ...EXPRESSION_MEMBERS,
  }),
  Update: structure("Update", {
    "Key!": ITEM,
    "UpdateExpression!": TEXT,
    "TableName!": TABLE_NAME_OR_ARN,
    ConditionExpression: TEXT,
    ...EXPRESSION_MEMBERS,
  }),
});

export const TRANSACT_WRITE: StructureShape = structure("TransactWriteItemsInput", {
  "TransactItems!": list(TRANSACT_WRITE_ITEM, 1, TRANSACTION_COUNT_MAX),
  ReturnConsumedCapacity: RETURN_CAPACITY,
  ReturnItemCollectionMetrics: RETURN_METRICS,
  ClientRequestToken: REQUEST_TOKEN,
});

const TRANSACT_GET_ITEM = structure("TransactGetItem", {
  "Get!": structure("Get", {
    "Key!": ITEM,
    "TableName!": TABLE_NAME_OR_ARN,
    ProjectionExpression: TEXT,
    ExpressionAttributeNames: NAMES,
  }),
});

export const TRANSACT_GET: StructureShape = structure("TransactGetItemsInput", {
  "TransactItems!": list(TRANSACT_GET_ITEM, 1, TRANSACTION_COUNT_MAX),
  ReturnConsumedCapacity: RETURN_CAPACITY,
});

const PARAMETERIZED_STATEMENT = structure("ParameterizedStatement", {
  "Statement!": string({ min: 1, max: STATEMENT_LENGTH_MAX }),
  Parameters: list(VALUE, 1),
  ReturnValuesOnConditionCheckFailure: RETURN_ON_FAILURE,
});

export const EXECUTE_TRANSACTION: StructureShape = structure("ExecuteTransactionInput", {
  "TransactStatements!": list(PARAMETERIZED_STATEMENT, 1, TRANSACTION_COUNT_MAX),
  ClientRequestToken: REQUEST_TOKEN,
  ReturnConsumedCapacity: RETURN_CAPACITY,
});
