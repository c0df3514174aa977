/** Who made an event: a URI, as OpenLineage wants one. */
export const producer = "https://github.com/shopmetrics/lakehouse/build/openlineage";

/** A facet with the version of its schema. */
export type Facet = Readonly<Record<string, unknown>>;

/** The versions of the schemas that the facets follow. */
const versions = {
  ColumnLineageDatasetFacet: "1-2-0",
  DataQualityAssertionsDatasetFacet: "1-1-0",
  DocumentationJobFacet: "1-1-0",
  ErrorMessageRunFacet: "1-0-1",
  JobTypeJobFacet: "2-0-4",
  OutputStatisticsOutputDatasetFacet: "1-0-2",
  ParentRunFacet: "1-2-0",
  ProcessingEngineRunFacet: "1-1-1",
  SchemaDatasetFacet: "1-2-0",
} as const;

export const eventSchema = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

export const facet = (name: keyof typeof versions, content: object): Facet => ({
  _producer: producer,
  _schemaURL: `https://openlineage.io/spec/facets/${versions[name]}/${name}.json#/$defs/${name}`,
  ...content,
});
