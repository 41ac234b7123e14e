export type * from './contract';
export { announceSignedOut, http, request, setCsrfToken, setSignedOutHandler, withQuery } from './http';
export { OFFLINE, Problem, asProblem } from './problem';
