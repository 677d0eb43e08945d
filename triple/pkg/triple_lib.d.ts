/* tslint:disable */
/* eslint-disable */

/**
 * Three times the number.
 */
export function triple(x: number): number;
