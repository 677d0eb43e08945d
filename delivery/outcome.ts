/** How a message fared in the flow, once nothing more can happen to it. */
export type FlowOutcome =
  /** Every branch ended and no error stayed uncaught. */
  | { readonly kind: 'completed' }
  /** A branch ended in an error that no Catch node received. */
  | { readonly kind: 'failed'; readonly error: FlowError }
  /** Nothing moved for `settle` seconds. */
  | { readonly kind: 'settled' }
  /** The flow was stopped or the tracker closed before the message was done. */
  | { readonly kind: 'abandoned' };

export interface FlowError {
  /** `msg.error.code` where the node gave one. */
  readonly code?: string;
  readonly message: string;
  /** The node that raised it, as `type "name"`. */
  readonly source?: string;
}

export interface FlowState {
  /**
   * Undefined while the flows run. While they are deployed or started, resolves when that has ended: what is sent
   * before may find no node to go to, and the runtime drops it without a word.
   */
  readonly deploy: Promise<void> | undefined;
}

/** Follows messages through a flow, by `_msgid`. */
export interface FlowTracker extends FlowState {
  /**
   * Call it before the message is sent.
   * @param messageId the message's `_msgid`
   * @param settle seconds without progress after which the message counts as settled
   */
  follow(messageId: string, settle: number): Promise<FlowOutcome>;
  /** Follows no message any more; open ones end as `abandoned`. */
  close(): void;
}
