import { createRootRoute, type SearchSchemaInput } from '@tanstack/react-router';
import { NotFound, Shell } from './shell.tsx';

/** Links may name any part of a search, the page always gets all of it. */
export type Given<Search> = Partial<Search> & SearchSchemaInput;

export const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });
