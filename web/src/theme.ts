/** River colours: one blue-green accent, greys with a drop of it in them. */
import { createTheme } from '@mantine/core';
// Only the styles of the components in use: a sixth of the whole sheet. The order is the one Mantine asks for.
import '@mantine/core/styles/baseline.css';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/global.css';
import '@mantine/core/styles/ScrollArea.css';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/VisuallyHidden.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/Popover.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/Loader.css';
import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/ActionIcon.css';
import '@mantine/core/styles/Button.css';
import '@mantine/core/styles/Input.css';
import '@mantine/core/styles/InlineInput.css';
import '@mantine/core/styles/Combobox.css';
import '@mantine/core/styles/Alert.css';
import '@mantine/core/styles/Badge.css';
import '@mantine/core/styles/Checkbox.css';
import '@mantine/core/styles/PasswordInput.css';
import '@mantine/core/styles/Progress.css';
import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/Skeleton.css';
import './console.css';

export const theme = createTheme({
  primaryColor: 'river',
  primaryShade: { light: 8, dark: 6 },
  autoContrast: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", "NanumSquareRound", sans-serif',
  headings: { fontWeight: '650' },
  colors: {
    river: [
      '#e5f6f8',
      '#cdeaef',
      '#9fd5df',
      '#6cbecd',
      '#44a9bd',
      '#299cb2',
      '#1795ad',
      '#0a7f95',
      '#006f84',
      '#005f72',
    ],
    dark: [
      '#cdd8dc',
      '#adbcc2',
      '#8c9ca3',
      '#63747c',
      '#3b4c54',
      '#2b3a42',
      '#1d292f',
      '#141e23',
      '#0f171b',
      '#0a1114',
    ],
  },
});
