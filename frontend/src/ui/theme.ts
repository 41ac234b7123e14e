import {
  Badge, Button, Input, Menu, Modal, MultiSelect, NumberInput, Popover, SegmentedControl, Select, Slider,
  Switch, Table, TextInput, Tooltip, createTheme, defaultVariantColorsResolver,
  type CSSVariablesResolver, type MantineColorsTuple, type VariantColorsResolver,
} from '@mantine/core';
import type { FocusEvent } from 'react';

const petrol: MantineColorsTuple = [
  '#e5f6f8', '#d0eaee', '#a3d5dc', '#73bfca', '#4dacba',
  '#349fb0', '#1f8d9e', '#0b6e7d', '#095966', '#04434d',
];
const graphite: MantineColorsTuple = [
  '#e6e9ec', '#cfd5db', '#adb5be', '#77828d', '#343c44',
  '#2a3138', '#1b2025', '#171b1f', '#101316', '#0c0f11',
];

const CONTROL_HEIGHT = { 'compact-xs': '22px', xs: '26px', sm: '32px', md: '38px' };
type ControlSize = keyof typeof CONTROL_HEIGHT;
const isControlSize = (size: unknown): size is ControlSize =>
  typeof size === 'string' && size in CONTROL_HEIGHT;

/** Heights follow the 8 px grid, denser than Mantine's own. */
function controlHeight(size: unknown): string {
  return CONTROL_HEIGHT[isControlSize(size) ? size : 'sm'];
}

/** What is typed into a list with a choice looks for another one; it is not added to the old. */
function selectText({ currentTarget }: FocusEvent<HTMLInputElement>): void {
  if (!currentTarget.readOnly) currentTarget.select();
}

/** Texts on filled surfaces follow the scheme: the accent is dark on light pages, light on dark ones. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const resolved = defaultVariantColorsResolver(input);
  if (input.variant !== 'filled') return resolved;
  switch (input.color ?? input.theme.primaryColor) {
    case 'petrol':
      return { ...resolved, color: 'var(--nl-on-accent)' };
    case 'red':
      return { ...resolved, color: 'var(--nl-on-failed)' };
    default:
      return resolved;
  }
};

export const theme = createTheme({
  colors: { petrol, dark: graphite },
  variantColorResolver,
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.32,
  fontFamily: 'var(--nl-font)',
  fontFamilyMonospace: 'var(--nl-mono)',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '28px' },
      h2: { fontSize: '16px', lineHeight: '24px' },
      h3: { fontSize: '14px', lineHeight: '20px' },
    },
  },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  radius: { xs: '3px', sm: '5px', md: '6px', lg: '8px', xl: '12px' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: 'sm' },
      vars: (_theme, props) => ({
        root: { '--button-height': controlHeight(props.size), '--button-padding-x': props.size === 'compact-xs' ? '8px' : '12px' },
      }),
      styles: { label: { fontWeight: 550 } },
    }),
    Input: Input.extend({
      defaultProps: { size: 'sm' },
      vars: (_theme, props) => ({ wrapper: { '--input-height': controlHeight(props.size) } }),
    }),
    TextInput: TextInput.extend({ defaultProps: { size: 'sm' } }),
    NumberInput: NumberInput.extend({ defaultProps: { size: 'sm' } }),
    MultiSelect: MultiSelect.extend({ defaultProps: { size: 'sm' } }),
    Select: Select.extend({ defaultProps: { size: 'sm', allowDeselect: false, onFocus: selectText } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs' } }),
    Slider: Slider.extend({ defaultProps: { size: 4 } }),
    Switch: Switch.extend({ defaultProps: { size: 'sm' } }),
    Badge: Badge.extend({ defaultProps: { size: 'sm', variant: 'light', radius: 'sm', tt: 'none', fw: 550 } }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 350, withArrow: false, transitionProps: { duration: 100 } },
    }),
    Menu: Menu.extend({
      // Without Mantine's placeholder the focus goes to the first item, and a menu holds items only.
      defaultProps: { shadow: 'md', transitionProps: { duration: 100 }, withInitialFocusPlaceholder: false },
    }),
    Popover: Popover.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 100 } } }),
    Modal: Modal.extend({
      defaultProps: {
        transitionProps: { duration: 120 },
        overlayProps: { backgroundOpacity: 0.35 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
      // What the keyboard goes to is not hidden by the rows that stay in sight.
      styles: { title: { fontWeight: 600, fontSize: '16px' }, content: { scrollPaddingBlock: 64 } },
    }),
    Table: Table.extend({
      defaultProps: {
        verticalSpacing: 6, horizontalSpacing: 16, fz: 13,
        borderColor: 'var(--nl-line)', highlightOnHoverColor: 'var(--nl-hover)',
      },
      styles: { th: { fontSize: '12px', fontWeight: 500, color: 'var(--nl-text-3)' } },
    }),
  },
});

/** Mantine's own surfaces, lines and texts take ours, so that one file decides every colour. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--nl-surface)',
    '--mantine-color-text': 'var(--nl-text)',
    '--mantine-color-dimmed': 'var(--nl-text-3)',
    '--mantine-color-placeholder': 'var(--nl-text-3)',
    '--mantine-color-default': 'var(--nl-surface)',
    '--mantine-color-default-hover': 'var(--nl-hover)',
    '--mantine-color-default-border': 'var(--nl-line-strong)',
    '--mantine-color-default-color': 'var(--nl-text)',
    '--mantine-color-error': 'var(--nl-failed)',
    '--mantine-color-anchor': 'var(--nl-accent)',
    '--mantine-color-petrol-filled': 'var(--nl-accent)',
    '--mantine-color-petrol-filled-hover': 'var(--nl-accent-strong)',
    '--mantine-color-petrol-light': 'var(--nl-accent-soft)',
    '--mantine-color-petrol-light-color': 'var(--nl-accent)',
    '--mantine-color-petrol-text': 'var(--nl-accent)',
    '--mantine-color-red-filled': 'var(--nl-failed)',
    '--mantine-color-red-filled-hover': 'color-mix(in srgb, var(--nl-failed) 85%, var(--nl-text))',
    '--mantine-color-red-text': 'var(--nl-failed)',
    '--mantine-color-red-light-color': 'var(--nl-failed)',
    '--mantine-color-red-light': 'color-mix(in srgb, var(--nl-failed) 7%, var(--nl-surface))',
    '--mantine-color-yellow-light-color': 'var(--nl-warning)',
    '--mantine-color-yellow-light': 'color-mix(in srgb, var(--nl-warning) 8%, var(--nl-surface))',
    '--mantine-primary-color-contrast': 'var(--nl-on-accent)',
  };
  return { variables: {}, light: shared, dark: shared };
};
