import { ActionIcon, Tooltip } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { findCommand } from '../state/commands';
import { useDesigner, usePreview } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';

/** Shows one sample in every layer, or stops to. */
export function PreviewSwitch() {
  const designer = useDesigner();
  const isOn = usePreview((state) => state.isOn);
  return (
    <Tooltip label={`${isOn ? 'End the preview' : 'Preview a sample in every layer'}  (P)`}>
      <ActionIcon
        variant={isOn ? 'light' : 'subtle'}
        color={isOn ? undefined : 'gray'}
        size={30}
        role="switch"
        aria-checked={isOn}
        aria-label="Preview"
        data-testid={DESIGNER_IDS.preview}
        onClick={() => findCommand('preview')?.perform(designer)}
      >
        <IconEye size={18} />
      </ActionIcon>
    </Tooltip>
  );
}
