import { useMemo } from 'react';
import { portsIn } from '../document/ports';
import { scopeOf } from '../document/scope';
import { useDesigner, useDocument, usePreview, useScopeId } from '../state/DesignerContext';
import { PREVIEW_HEIGHT } from './geometry';
import { makeScene, type Moved, type Scene } from './scene';

/** The scope we are in, with what is being dragged where the pointer has it. */
export function useScene(moved: Moved): Scene {
  const { catalog } = useDesigner();
  const document = useDocument();
  const scopeId = useScopeId();
  const portsOf = useMemo(() => portsIn(document, catalog.layerPorts), [document, catalog]);
  const scope = scopeOf(document, scopeId);
  const below = usePreview((state) => (state.isOn ? PREVIEW_HEIGHT : 0));
  return useMemo(
    () => makeScene(document, scopeId, scope, portsOf, moved, below),
    [document, scopeId, scope, portsOf, moved, below],
  );
}
