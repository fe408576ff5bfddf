// Parameters that several operations have.
import { RESOURCE_ARN_LENGTH_MAX, TABLE_ARN_LENGTH_MAX } from "../../../model/limits.ts";
import { type MapShape, type StringShape, type StructureShape, TEXT, map, oneOf, string, structure } from "./shape.ts";
import { TABLE_REF } from "./names.ts";

export const RETURN_CAPACITY: StringShape = oneOf("INDEXES", "TOTAL", "NONE");
export const RETURN_METRICS: StringShape = oneOf("SIZE", "NONE");
export const RETURN_ON_FAILURE: StringShape = oneOf("ALL_OLD", "NONE");
/** ExpressionAttributeNames. */
export const NAMES: MapShape = map(TEXT, TEXT);

export const RESOURCE_ARN: StringShape = string({ min: 1, max: RESOURCE_ARN_LENGTH_MAX });
/** A table that only its ARN can name. */
export const TABLE_ARN: StringShape = string({ min: 1, max: TABLE_ARN_LENGTH_MAX });
/** Of a backup, an export, an import, or a stream: the service model's bounds. */
export const LONG_ARN: StringShape = string({ min: 37, max: 1024 });

/** The input of an operation that is told a table and nothing else. */
export const NAMED_TABLE: StructureShape = structure("DescribeTableInput", { "TableName!": TABLE_REF });
export const NO_INPUT: StructureShape = structure("NoInput", {});
