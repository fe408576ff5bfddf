// Parameters of the API before expressions, as DynamoDB's service model describes them.
import { TEXT, VALUE, list, map, oneOf, structure, BOOLEAN } from "../validate/shape.ts";
import type { MapShape, StringShape } from "../validate/shape.ts";

const COMPARISON_OPERATOR: StringShape = oneOf(
  "EQ", "NE", "IN", "LE", "LT", "GE", "GT", "BETWEEN", "NOT_NULL", "NULL", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH",
);

/** KeyConditions, QueryFilter and ScanFilter. */
export const CONDITIONS: MapShape = map(TEXT, structure("Condition", {
  AttributeValueList: list(VALUE),
  "ComparisonOperator!": COMPARISON_OPERATOR,
}));

export const EXPECTED: MapShape = map(TEXT, structure("ExpectedAttributeValue", {
  Value: VALUE,
  Exists: BOOLEAN,
  ComparisonOperator: COMPARISON_OPERATOR,
  AttributeValueList: list(VALUE),
}));

export const ATTRIBUTE_UPDATES: MapShape = map(TEXT, structure("AttributeValueUpdate", {
  Value: VALUE,
  Action: oneOf("ADD", "PUT", "DELETE"),
}));
