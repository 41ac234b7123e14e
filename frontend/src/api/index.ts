export type * from './contract';
export { BASE_PATH, addressOf } from './base';
export { announceSignedOut, http, request, setCsrfToken, setSignedOutHandler, withQuery } from './http';
export { OFFLINE, Problem, asProblem, binnedOf, type BinnedRef } from './problem';
