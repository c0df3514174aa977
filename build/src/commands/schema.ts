import { InputError, readSettings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { nearest } from "../text.js";

/** Prints the schema of a topic's messages, or takes the contracts as what messages look like from now on. */
export async function schema(
  topic: string | undefined,
  options: { format: "avro" | "json"; accept?: boolean },
): Promise<void> {
  const settings = readSettings();
  const { openRegistry, registryType, schemaOf, subjectOf } = await import("shopmetrics/kafka");
  const names = Object.keys(shop.topics);
  const name = topic ?? names[0]!;
  const messages = shop.topics[name];
  if (!messages) {
    const near = nearest(name, names);
    throw new InputError(
      `No contract is of a topic "${name}". ${near ? `Did you mean ${near}?` : `There are: ${names.join(", ")}.`}`,
    );
  }
  if (!options.accept) return console.log(JSON.stringify(schemaOf(messages, options.format), null, 2));
  const { writeSchemas } = await import("../changed/schemas.js");
  for (const file of await writeSchemas(settings.root, { [name]: messages }))
    console.log(`Wrote ${file}: commit it.`);
  const { registry, kafka } = settings;
  if (!registry) return;
  const subject = subjectOf(kafka?.topic ?? name);
  const given = {
    schema: JSON.stringify(schemaOf(messages, registry.format)),
    type: registryType[registry.format],
  };
  console.log(
    `Registered it for ${subject} as schema ${await openRegistry(registry).register(subject, given)}.`,
  );
}
