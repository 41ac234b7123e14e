import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { asProblem } from '@/api';
import { updateNetwork } from '../state/api';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { useAdoptNetwork, useNetworkMeta } from '../state/networkMeta';
import { DESIGNER_IDS } from '../testids';
import classes from './TopStrip.module.css';

/** The network's name, changed where it stands. */
export function NetworkName({ isPlain = false }: { isPlain?: boolean }) {
  const { networkId, editor } = useDesigner();
  const { name } = useNetworkMeta();
  const canEdit = useEditor((state) => state.canEdit);
  const adopt = useAdoptNetwork();
  const [text, setText] = useState<string | null>(null);
  const rename = useMutation({
    mutationFn: (wanted: string) => updateNetwork(networkId, { name: wanted }),
    onSuccess: adopt,
    onError: (error) => editor.say(asProblem(error).message),
  });
  if (isPlain) return name;
  const commit = (): void => {
    const wanted = text?.trim() ?? '';
    if (wanted !== '' && wanted !== name) rename.mutate(wanted);
    setText(null);
  };
  return (
    <input
      className={classes.name}
      aria-label="Name of the network"
      value={text ?? name}
      maxLength={120}
      readOnly={!canEdit}
      spellCheck={false}
      data-testid={DESIGNER_IDS.networkName}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
        if (event.key === 'Escape') setText(null);
      }}
    />
  );
}
