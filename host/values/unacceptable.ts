/**
 * A value that a type does not take. Its message ends the sentence "parameter x takes …": what would be taken.
 * Whoever knows the parameter turns it into an `arguments` error.
 */
export class Unacceptable extends Error {}
