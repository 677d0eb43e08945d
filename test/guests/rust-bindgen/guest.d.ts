/* tslint:disable */
/* eslint-disable */

export function _throw(text: string): void;

export function add(a: number, b: number): number;

export function checksum(data: Uint8Array | number[]): number;

export function divide(a: number, b: number): number;

export function double(x: bigint): bigint;

export function fail(text: string): void;

export function first_word(text?: string | null): string | undefined;

export function greet(name: string): string;

export function half(x?: number | null): number | undefined;

export function invert(flag: boolean): boolean;

export function largest(): number;

export function next_id(x?: bigint | null): bigint | undefined;

export function opposite(flag?: boolean | null): boolean | undefined;

export function parse(text: string): string;

export function reject(code: number): number;

export function repeat(text: string, times: number): string;

export function reverse(data: Uint8Array | number[]): Uint8Array;

export function root(x?: number | null): number | undefined;

export function shout(text: string): string;

export function start(): void;

export function validate(text: string): void;
