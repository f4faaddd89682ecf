/** A schema that cannot be migrated; the message says what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}
