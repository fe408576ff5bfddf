// Inputs about replicas of tables in other regions, and about their capacity.
import { BOOLEAN, DOUBLE, TEXT, integer, list, long, oneOf, pattern, string, structure } from "./shape.ts";
import type { StringShape, StructureShape } from "./shape.ts";
import { INDEX_NAME, LOOSE_NAME, PLAIN_TABLE_NAME, TABLE_REF } from "./names.ts";
import { BILLING_MODE, TABLE_CLASS } from "./table-parts.ts";

export const SETTINGS_REPLICATION: StringShape = oneOf("ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES");

/** An action that names a region and nothing else. */
function regionAction(name: string): StructureShape {
  return structure(name, { "RegionName!": TEXT });
}

const READ_OVERRIDE = structure("ProvisionedThroughputOverride", { ReadCapacityUnits: long(1) });
const ON_DEMAND_OVERRIDE = structure("OnDemandThroughputOverride", { MaxReadRequestUnits: long() });
const REPLICA_MEMBERS = {
  "RegionName!": TEXT,
  KMSMasterKeyId: TEXT,
  ProvisionedThroughputOverride: READ_OVERRIDE,
  OnDemandThroughputOverride: ON_DEMAND_OVERRIDE,
  GlobalSecondaryIndexes: list(structure("ReplicaGlobalSecondaryIndex", {
    "IndexName!": INDEX_NAME,
    ProvisionedThroughputOverride: READ_OVERRIDE,
    OnDemandThroughputOverride: ON_DEMAND_OVERRIDE,
  }), 1),
  TableClassOverride: TABLE_CLASS,
} as const;

/** One of UpdateTable's ReplicaUpdates. */
export const REPLICA_UPDATE: StructureShape = structure("ReplicationGroupUpdate", {
  Create: structure("CreateReplicationGroupMemberAction", REPLICA_MEMBERS),
  Update: structure("UpdateReplicationGroupMemberAction", REPLICA_MEMBERS),
  Delete: regionAction("DeleteReplicationGroupMemberAction"),
  Disassociate: structure("DisassociateReplicationGroupMemberAction", {
    "RegionName!": TEXT,
    "DisassociationMode!": oneOf("WAIT_FOR_REPLICATION"),
  }),
});
export const WITNESS_UPDATE: StructureShape = structure("GlobalTableWitnessGroupUpdate", {
  Create: regionAction("CreateGlobalTableWitnessGroupMemberAction"),
  Delete: regionAction("DeleteGlobalTableWitnessGroupMemberAction"),
});

export const CREATE_GLOBAL_TABLE: StructureShape = structure("CreateGlobalTableInput", {
  "GlobalTableName!": LOOSE_NAME,
  "ReplicationGroup!": list(structure("Replica", { RegionName: TEXT })),
});
export const UPDATE_GLOBAL_TABLE: StructureShape = structure("UpdateGlobalTableInput", {
  "GlobalTableName!": LOOSE_NAME,
  "ReplicaUpdates!": list(structure("ReplicaUpdate", {
    Create: regionAction("CreateReplicaAction"),
    Delete: regionAction("DeleteReplicaAction"),
  })),
});
export const NAMED_GLOBAL_TABLE: StructureShape = structure("DescribeGlobalTableInput", {
  "GlobalTableName!": LOOSE_NAME,
});
export const LIST_GLOBAL_TABLES: StructureShape = structure("ListGlobalTablesInput", {
  ExclusiveStartGlobalTableName: PLAIN_TABLE_NAME,
  Limit: integer(1),
  RegionName: TEXT,
});

const ROLE_PATTERN = pattern(
  "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*",
  /^[\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}\r\n\t]*$/u,
);
const SCALING_POLICY = structure("AutoScalingPolicyUpdate", {
  PolicyName: string({ min: 1, max: 256, pattern: pattern("\\p{Print}+", /^[ -~]+$/) }),
  "TargetTrackingScalingPolicyConfiguration!": structure("AutoScalingTargetTrackingScalingPolicyConfigurationUpdate", {
    DisableScaleIn: BOOLEAN,
    ScaleInCooldown: integer(),
    ScaleOutCooldown: integer(),
    "TargetValue!": DOUBLE,
  }),
});
const AUTO_SCALING = structure("AutoScalingSettingsUpdate", {
  MinimumUnits: long(1),
  MaximumUnits: long(1),
  AutoScalingDisabled: BOOLEAN,
  AutoScalingRoleArn: string({ min: 1, max: 1_600, pattern: ROLE_PATTERN }),
  ScalingPolicyUpdate: SCALING_POLICY,
});
/** Global indexes in one request: the service model's bound. */
const INDEX_SETTINGS_MAX = 20;
const REPLICA_SETTINGS_MAX = 50;

export const UPDATE_GLOBAL_TABLE_SETTINGS: StructureShape = structure("UpdateGlobalTableSettingsInput", {
  "GlobalTableName!": LOOSE_NAME,
  GlobalTableBillingMode: BILLING_MODE,
  GlobalTableProvisionedWriteCapacityUnits: long(1),
  GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate: AUTO_SCALING,
  GlobalTableGlobalSecondaryIndexSettingsUpdate: list(structure("GlobalTableGlobalSecondaryIndexSettingsUpdate", {
    "IndexName!": INDEX_NAME,
    ProvisionedWriteCapacityUnits: long(1),
    ProvisionedWriteCapacityAutoScalingSettingsUpdate: AUTO_SCALING,
  }), 1, INDEX_SETTINGS_MAX),
  ReplicaSettingsUpdate: list(structure("ReplicaSettingsUpdate", {
    "RegionName!": TEXT,
    ReplicaProvisionedReadCapacityUnits: long(1),
    ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate: AUTO_SCALING,
    ReplicaGlobalSecondaryIndexSettingsUpdate: list(structure("ReplicaGlobalSecondaryIndexSettingsUpdate", {
      "IndexName!": INDEX_NAME,
      ProvisionedReadCapacityUnits: long(1),
      ProvisionedReadCapacityAutoScalingSettingsUpdate: AUTO_SCALING,
    }), 1, INDEX_SETTINGS_MAX),
    ReplicaTableClass: TABLE_CLASS,
  }), 1, REPLICA_SETTINGS_MAX),
});

export const UPDATE_REPLICA_AUTO_SCALING: StructureShape = structure("UpdateTableReplicaAutoScalingInput", {
  GlobalSecondaryIndexUpdates: list(structure("GlobalSecondaryIndexAutoScalingUpdate", {
    IndexName: INDEX_NAME,
    ProvisionedWriteCapacityAutoScalingUpdate: AUTO_SCALING,
  }), 1),
  "TableName!": TABLE_REF,
  ProvisionedWriteCapacityAutoScalingUpdate: AUTO_SCALING,
  ReplicaUpdates: list(structure("ReplicaAutoScalingUpdate", {
    "RegionName!": TEXT,
    ReplicaGlobalSecondaryIndexUpdates: list(structure("ReplicaGlobalSecondaryIndexAutoScalingUpdate", {
      IndexName: INDEX_NAME,
      ProvisionedReadCapacityAutoScalingUpdate: AUTO_SCALING,
    })),
    ReplicaProvisionedReadCapacityAutoScalingUpdate: AUTO_SCALING,
  }), 1),
});
