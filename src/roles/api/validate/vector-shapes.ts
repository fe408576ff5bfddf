// Inputs about vector indexes.
import { TEXT, VALUE, VALUES, integer, list, long, oneOf, structure } from "./shape.ts";
import type { StructureShape } from "./shape.ts";
import { INDEX_NAME, TABLE_NAME_OR_ARN } from "./names.ts";
import { NAMES, RETURN_CAPACITY } from "./shared-shapes.ts";
import { KEY_ATTRIBUTE_NAME, PROJECTION } from "./table-parts.ts";

/** Numbers of one vector: the service model's bound. */
const VECTOR_LENGTH_MAX = 4_096;

const VECTOR_INDEX_MEMBERS = {
  "IndexName!": INDEX_NAME,
  "VectorAttribute!": structure("VectorAttributeDefinition", { "AttributeName!": KEY_ATTRIBUTE_NAME }),
  SearchSchema: list(structure("SearchSchemaElement", {
    "AttributeName!": TEXT,
    "SearchSchemaElementType!": oneOf("HASH", "INLINE_FILTER"),
  }), 1),
  "Projection!": PROJECTION,
  "Dimensions!": long(1),
  "DistanceFunction!": oneOf("COSINE", "DOT_PRODUCT", "EUCLIDEAN"),
} as const;

export const VECTOR_INDEX: StructureShape = structure("VectorIndex", VECTOR_INDEX_MEMBERS);
export const VECTOR_INDEX_UPDATE: StructureShape = structure("VectorIndexUpdate", {
  Create: structure("CreateVectorIndexAction", VECTOR_INDEX_MEMBERS),
  Delete: structure("DeleteVectorIndexAction", { "IndexName!": INDEX_NAME }),
});

export const SEARCH_VECTORS: StructureShape = structure("SearchVectorsInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  "IndexName!": INDEX_NAME,
  ReturnConsumedCapacity: RETURN_CAPACITY,
  ExpressionAttributeNames: NAMES,
  ExpressionAttributeValues: VALUES,
  ProjectionExpression: TEXT,
  "SearchVector!": list(VALUE, 1, VECTOR_LENGTH_MAX),
  SearchConditionExpression: TEXT,
  "TopK!": integer(1),
});
