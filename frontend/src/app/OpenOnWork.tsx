import { Navigate } from '@tanstack/react-router';
import { lastPlace } from './lastPlace';

/** The studio opens on work: where this person left off in this browser, or the networks. */
export function OpenOnWork() {
  return <Navigate to={lastPlace()} replace />;
}
