import { useMemo } from 'react';
import { portsIn } from '../document/ports';
import { scopeOf } from '../document/scope';
import { useDesigner, useDocument, useScopeId } from '../state/DesignerContext';
import { makeScene, type Moved, type Scene } from './scene';

/** The scope we are in, with what is being dragged where the pointer has it. */
export function useScene(moved: Moved): Scene {
  const { catalog } = useDesigner();
  const document = useDocument();
  const scopeId = useScopeId();
  const portsOf = useMemo(() => portsIn(document, catalog.layerPorts), [document, catalog]);
  const scope = scopeOf(document, scopeId);
  return useMemo(
    () => makeScene(document, scopeId, scope, portsOf, moved),
    [document, scopeId, scope, portsOf, moved],
  );
}
