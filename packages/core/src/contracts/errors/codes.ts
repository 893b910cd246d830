/**
 * Every code that a Waybill error can have, with the meaning that stays the same from version to version. The reference
 * page of the docs is held against this table by a test.
 */
export const errorCodes = {
  CONFIGURATION: 'Options are missing, out of range or contradict each other; `problems` lists all of them',
  INVALID_MESSAGE: 'A field of a message breaks a rule (length, characters, header names, times)',
  PAYLOAD_UNSERIALIZABLE: 'The payload holds a value that would not survive serialisation',
  PAYLOAD_UNREADABLE: 'The bytes of a payload are not what its content type says',
  PAYLOAD_TOO_LARGE: 'The message is larger than `maxMessageBytes`',
  UNKNOWN_TYPE: 'The message type is not in the catalogue',
  SCHEMA_MISMATCH: 'The payload does not match the schema of its type and version',
  DUPLICATE_MESSAGE: 'A message with this id is already in the outbox',
  TRANSACTION_REQUIRED: 'The handle is not inside an open transaction',
  STORAGE_UNAVAILABLE: 'The database cannot be reached or went away',
  STORAGE_LOCKED: 'The database, or rows in it, stayed locked by somebody else for too long',
  STORAGE_CONFLICT: 'Deadlock or serialization failure: the same call may succeed when repeated',
  STORAGE_READ_ONLY: 'The database does not take writes',
  STORAGE_FULL: 'The database has no room left',
  STORAGE_MISSING: 'There is no database at that place',
  STORAGE_UNSUPPORTED: 'The database or its version cannot do what is needed',
  STORAGE_UNKNOWN: 'The database refused for a reason that Waybill does not know; see `cause`',
  SCHEMA_STALE: 'The Waybill tables are missing or older than this build needs',
  SCHEMA_TOO_NEW: 'The Waybill tables no longer support a build as old as this one',
  BROKER_UNAVAILABLE: 'The broker or the topic cannot be reached',
  BROKER_REJECTED: 'The broker answered no',
  BROKER_UNKNOWN: 'It is not known whether the broker took the message',
  BROKER_CONTRACT: 'The publisher broke its contract, for example by answering too few outcomes',
  HANDLER_FAILED: 'A handler threw',
  HANDLER_TIMEOUT: 'A handler did not return in time',
  HANDLER_CRASHED: 'A handler was begun several times and never came to an end: it seems to end its process',
  NO_HANDLER: 'The consumer has no handler for this type',
  COMMAND_MISMATCH: 'The key of a command came back with another request',
  COMMAND_BUSY: 'Somebody else is carrying out the same command at this moment',
  ILLEGAL_TRANSITION: 'The state machine has no such transition',
  TRANSITION_CONFLICT: 'The entity is in another state than the one it was to leave',
  SPECIFICATION: 'An adapter speaks a version of the contract that this build does not know',
  NOT_RUNNING: 'The relay or consumer has not been started, or has been stopped',
  SHUTDOWN_TIMEOUT: 'Work was still in flight when the shutdown time was over',
} as const

export type ErrorCode = keyof typeof errorCodes
