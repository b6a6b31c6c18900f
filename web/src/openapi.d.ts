// Made by "npm run api-types" from the routes of the server. Do not edit.
export interface paths {
    "/api/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Own images
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            quota_bytes: number;
                            /** @description the newest 100 */
                            results: {
                                /** @description with the thumbnail */
                                bytes: number;
                                /** Format: date-time */
                                created_at: string;
                                height: number;
                                id: string;
                                thumbnail_url: string;
                                type: string;
                                /** @description for `![…](url)` in a text */
                                url: string;
                                width: number;
                            }[];
                            used_bytes: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Attach an image: the file is the body
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description with the thumbnail */
                            bytes: number;
                            /** Format: date-time */
                            created_at: string;
                            height: number;
                            id: string;
                            thumbnail_url: string;
                            type: string;
                            /** @description for `![…](url)` in a text */
                            url: string;
                            width: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/attachments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The image
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Delete an own image
         * @description Access: signed-in.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/attachments/{id}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The image
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What staff did, newest first
         * @description Access: admin.
         */
        get: {
            parameters: {
                query?: {
                    actor_id?: number;
                    before?: number;
                    subject?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            action: string;
                            actor_id: number | null;
                            /** Format: date-time */
                            at: string;
                            detail: {
                                [key: string]: unknown;
                            };
                            seq: number;
                            subject: string;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether any row was altered
         * @description Access: admin.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description the first that was altered */
                            broken_at: number | null;
                            /** @description that follow one another */
                            rows: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Boards that you may read, by position
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: {
                    last_id?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            created_at: string;
                            description: string;
                            id: number;
                            is_archived: boolean;
                            position: number;
                            read_role: string;
                            title: string;
                            updated_at: string;
                            write_role: string;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Make a board and moderate it
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        description?: string;
                        title: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            description: string;
                            id: number;
                            title: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One board
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            created_at: string;
                            description: string;
                            id: number;
                            is_archived: boolean;
                            position: number;
                            read_role: string;
                            title: string;
                            updated_at: string;
                            write_role: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Delete a board; its posts vanish with it
         * @description Access: admin.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /**
         * Change a board
         * @description Access: admin.
         */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        description?: string;
                        /** @description Read, but written no more: 409. */
                        is_archived?: boolean;
                        position?: number;
                        /** @description Who reads it. moderator: those of this board. Moderators and admins read every board of theirs. */
                        read_role?: "anyone" | "member" | "advertiser" | "marketer" | "moderator" | "admin";
                        title?: string;
                        write_role?: "member" | "advertiser" | "marketer" | "moderator" | "admin";
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            created_at: string;
                            description: string;
                            id: number;
                            is_archived: boolean;
                            position: number;
                            read_role: string;
                            title: string;
                            updated_at: string;
                            write_role: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/boards/{b}/moderators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ids of its moderators
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            moderators: number[];
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/moderators/{m}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Name a moderator
         * @description Access: admin.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    m: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            moderators: number[];
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /**
         * Name one no longer
         * @description Access: admin.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    m: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            moderators: number[];
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Posts of a board, newest first
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: {
                    author?: number;
                    first_id?: number;
                    /** @description RFC 3339 with offset */
                    from?: string;
                    keyword?: string;
                    last_id?: number;
                    /** @description Own drafts; or what can be restored: own, of everybody for who moderates. */
                    state?: "draft" | "deleted";
                    /** @description RFC 3339 with offset */
                    to?: string;
                };
                header?: never;
                path: {
                    b: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            };
                            board: {
                                description: string;
                                id: number;
                                title: string;
                            };
                            /** @description Markdown */
                            content: string;
                            created_at: string;
                            /** @description With `keyword`: safe HTML, the only tag is mark. */
                            highlights?: {
                                content: string;
                                title: string;
                            };
                            id: number;
                            is_deleted: boolean;
                            is_draft: boolean;
                            is_pinned: boolean;
                            title: string;
                            updated_at: string;
                            version: number;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Write a post, or a draft
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        content: string;
                        /** @description Seen by its author alone, until it is published. */
                        is_draft?: boolean;
                        title: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            };
                            board: {
                                description: string;
                                id: number;
                                title: string;
                            };
                            /** @description Markdown */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            /** @description With `keyword`: safe HTML, the only tag is mark. */
                            highlights?: {
                                content: string;
                                title: string;
                            };
                            id: number;
                            is_deleted: boolean;
                            is_draft: boolean;
                            is_pinned: boolean;
                            title: string;
                            updated_at: string;
                            version: number;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One post; records a view
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: {
                    event_id?: string;
                };
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            };
                            board: {
                                description: string;
                                id: number;
                                title: string;
                            };
                            /** @description Markdown */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            /** @description With `keyword`: safe HTML, the only tag is mark. */
                            highlights?: {
                                content: string;
                                title: string;
                            };
                            id: number;
                            is_deleted: boolean;
                            is_draft: boolean;
                            is_pinned: boolean;
                            title: string;
                            updated_at: string;
                            version: number;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description If-None-Match names this version: no view. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /**
         * Edit a post, or publish a draft
         * @description Access: owner-or-admin.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        content?: string;
                        /** @description false publishes a draft. */
                        is_draft?: boolean;
                        title?: string;
                        /** @description The version that is edited; another one now: 409. */
                        version?: number;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            };
                            board: {
                                description: string;
                                id: number;
                                title: string;
                            };
                            /** @description Markdown */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            /** @description With `keyword`: safe HTML, the only tag is mark. */
                            highlights?: {
                                content: string;
                                title: string;
                            };
                            id: number;
                            is_deleted: boolean;
                            is_draft: boolean;
                            is_pinned: boolean;
                            title: string;
                            updated_at: string;
                            version: number;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /**
         * Delete a post; it can be restored for 30 days
         * @description Access: owner-or-admin.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            };
                            board: {
                                description: string;
                                id: number;
                                title: string;
                            };
                            /** @description Markdown */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            /** @description With `keyword`: safe HTML, the only tag is mark. */
                            highlights?: {
                                content: string;
                                title: string;
                            };
                            id: number;
                            is_deleted: boolean;
                            is_draft: boolean;
                            is_pinned: boolean;
                            title: string;
                            updated_at: string;
                            version: number;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Root comments, the oldest first
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: {
                    page?: number;
                    page_size?: number;
                };
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                            next: string | null;
                            previous: string | null;
                            results: {
                                /** @description null once deleted */
                                author: {
                                    display_name: string;
                                    id: number;
                                    username: string;
                                } | null;
                                /** @description Markdown; empty once deleted */
                                content: string;
                                /** @description Safe to put into a page */
                                content_html: string;
                                created_at: string;
                                id: number;
                                is_deleted: boolean;
                                parent: number | null;
                                /** @description of a root: how many are shown */
                                replies: number;
                                updated_at: string;
                                version: number;
                            }[];
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Comment, or reply
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        content: string;
                        /** @description the root comment that is replied to; none, null or 0: a root */
                        parent?: number | null;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description null once deleted */
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            } | null;
                            /** @description Markdown; empty once deleted */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            id: number;
                            is_deleted: boolean;
                            parent: number | null;
                            /** @description of a root: how many are shown */
                            replies: number;
                            updated_at: string;
                            version: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}/comments/{c}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Edit an own comment
         * @description Access: signed-in.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    c: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        content: string;
                        /** @description The version that is edited; another one now: 409. */
                        version?: number;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description null once deleted */
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            } | null;
                            /** @description Markdown; empty once deleted */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            id: number;
                            is_deleted: boolean;
                            parent: number | null;
                            /** @description of a root: how many are shown */
                            replies: number;
                            updated_at: string;
                            version: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /**
         * Delete; a root with replies stays as a tombstone
         * @description Access: signed-in.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    c: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}/comments/{c}/replies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Replies, the oldest first
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: {
                    page?: number;
                    page_size?: number;
                };
                header?: never;
                path: {
                    b: number;
                    c: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                            next: string | null;
                            previous: string | null;
                            results: {
                                /** @description null once deleted */
                                author: {
                                    display_name: string;
                                    id: number;
                                    username: string;
                                } | null;
                                /** @description Markdown; empty once deleted */
                                content: string;
                                /** @description Safe to put into a page */
                                content_html: string;
                                created_at: string;
                                id: number;
                                is_deleted: boolean;
                                parent: number | null;
                                /** @description of a root: how many are shown */
                                replies: number;
                                updated_at: string;
                                version: number;
                            }[];
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions of its text, newest first; for its author and who moderates
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: {
                    last_id?: number;
                };
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            edited_at: string;
                            editor: {
                                display_name: string;
                                id: number;
                            };
                            title: string;
                            version: number;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}/history/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One version, and what it changed
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    p: number;
                    version: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            content: string;
                            /** @description Against the version before it. */
                            diff: {
                                content: {
                                    /** @enum {unknown} */
                                    op: "same" | "added" | "removed";
                                    text: string;
                                }[];
                                title: {
                                    /** @enum {unknown} */
                                    op: "same" | "added" | "removed";
                                    text: string;
                                }[];
                            };
                            edited_at: string;
                            editor: {
                                display_name: string;
                                id: number;
                            };
                            title: string;
                            version: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Pin a post: first on the first page
         * @description Access: signed-in.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            };
                            board: {
                                description: string;
                                id: number;
                                title: string;
                            };
                            /** @description Markdown */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            /** @description With `keyword`: safe HTML, the only tag is mark. */
                            highlights?: {
                                content: string;
                                title: string;
                            };
                            id: number;
                            is_deleted: boolean;
                            is_draft: boolean;
                            is_pinned: boolean;
                            title: string;
                            updated_at: string;
                            version: number;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /**
         * Pin it no longer
         * @description Access: signed-in.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            };
                            board: {
                                description: string;
                                id: number;
                                title: string;
                            };
                            /** @description Markdown */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            /** @description With `keyword`: safe HTML, the only tag is mark. */
                            highlights?: {
                                content: string;
                                title: string;
                            };
                            id: number;
                            is_deleted: boolean;
                            is_draft: boolean;
                            is_pinned: boolean;
                            title: string;
                            updated_at: string;
                            version: number;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore a deleted post
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                                username: string;
                            };
                            board: {
                                description: string;
                                id: number;
                                title: string;
                            };
                            /** @description Markdown */
                            content: string;
                            /** @description Safe to put into a page */
                            content_html: string;
                            created_at: string;
                            /** @description With `keyword`: safe HTML, the only tag is mark. */
                            highlights?: {
                                content: string;
                                title: string;
                            };
                            id: number;
                            is_deleted: boolean;
                            is_draft: boolean;
                            is_pinned: boolean;
                            title: string;
                            updated_at: string;
                            version: number;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/boards/{b}/posts/{p}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Numbers of one post
         * @description Access: owner-or-staff.
         */
        get: {
            parameters: {
                query?: {
                    /** @description RFC 3339, inclusive, a whole minute */
                    from?: string;
                    interval?: "minute" | "hour" | "day";
                    /** @description RFC 3339, exclusive, a whole minute */
                    to?: string;
                    traffic?: "valid" | "all" | "invalid";
                    tz?: string;
                };
                header?: never;
                path: {
                    b: number;
                    p: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** Format: date-time */
                            as_of: string;
                            /** @description every event acknowledged before it is in these numbers; null before anything was read */
                            complete_through: string | null;
                            exactness: string;
                            /** Format: date-time */
                            from: string;
                            /** @enum {unknown} */
                            interval: "minute" | "hour" | "day";
                            notes: string[];
                            post_id: number;
                            series: {
                                clicks: number;
                                complete: boolean;
                                /** @description clicks / views; null at 0 views */
                                ctr: number | null;
                                /** @description the relative error of each figure that is an estimate; absent where all are exact */
                                estimates?: {
                                    [key: string]: {
                                        error: number;
                                    };
                                };
                                final: boolean;
                                /**
                                 * Format: date-time
                                 * @description with the offset of the zone
                                 */
                                start: string;
                                true_views: number;
                                unique_clickers: number;
                                unique_viewers: number;
                                views: number;
                            }[];
                            /** Format: date-time */
                            to: string;
                            totals: {
                                clicks: number;
                                /** @description clicks / views; null at 0 views */
                                ctr: number | null;
                                /** @description the relative error of each figure that is an estimate; absent where all are exact */
                                estimates?: {
                                    [key: string]: {
                                        error: number;
                                    };
                                };
                                true_views: number;
                                unique_clickers: number;
                                unique_viewers: number;
                                views: number;
                            };
                            /** @enum {unknown} */
                            traffic: "valid" | "all" | "invalid";
                            tz: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bookmarks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Own bookmarks, newest first
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: {
                    last_id?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** Format: date-time */
                            created_at: string;
                            post: {
                                board_id: number;
                                id: number;
                                title: string;
                            };
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bookmarks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Keep a post
         * @description Access: signed-in.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /**
         * Keep it no longer
         * @description Access: signed-in.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/broadcasts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Messages to all, newest first
         * @description Access: marketer, admin.
         */
        get: {
            parameters: {
                query?: {
                    last_id?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            advertising: boolean;
                            body: string;
                            /** Format: date-time */
                            created_at: string;
                            id: number;
                            /** @description every device has its job */
                            is_sent_out: boolean;
                            path: string;
                            title: string;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Send a message to all
         * @description Access: marketer, admin.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description goes to those alone who consent to advertising, labelled (광고), and not between 21:00 and 08:00 in Korea without consent for the night */
                        advertising: boolean;
                        body: string;
                        /** @default / */
                        path?: string;
                        title: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            advertising: boolean;
                            body: string;
                            /** Format: date-time */
                            created_at: string;
                            id: number;
                            /** @description every device has its job */
                            is_sent_out: boolean;
                            path: string;
                            title: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: anyone. */
        get: {
            parameters: {
                query?: {
                    first_id?: number;
                    last_id?: number;
                    owner?: "me" | string;
                    /** @description part of the title; for staff and own ones */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            clicks: number;
                            content: string;
                            created_at: string;
                            end_date: string;
                            id: number;
                            is_deleted: boolean;
                            is_visible: boolean;
                            landing_url: string | null;
                            owner_id: number;
                            start_date: string;
                            title: string;
                            updated_at: string;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** @description Access: advertiser, admin. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        content: string;
                        /** @description RFC 3339 with offset */
                        end_date: string;
                        is_visible?: boolean;
                        landing_url?: string | null;
                        /** @description RFC 3339 with offset */
                        start_date: string;
                        title: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            clicks: number;
                            content: string;
                            created_at: string;
                            end_date: string;
                            id: number;
                            is_deleted: boolean;
                            is_visible: boolean;
                            landing_url: string | null;
                            owner_id: number;
                            start_date: string;
                            title: string;
                            updated_at: string;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/campaigns/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: anyone. */
        get: {
            parameters: {
                query?: {
                    event_id?: string;
                    is_true_view?: boolean;
                };
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** @description Access: anyone. */
        post: {
            parameters: {
                query?: {
                    event_id?: string;
                };
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** @description Access: owner-or-admin. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** @description Access: owner-or-admin. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        content?: string;
                        /** @description RFC 3339 with offset */
                        end_date?: string;
                        is_visible?: boolean;
                        landing_url?: string | null;
                        /** @description RFC 3339 with offset */
                        start_date?: string;
                        title?: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            clicks: number;
                            content: string;
                            created_at: string;
                            end_date: string;
                            id: number;
                            is_deleted: boolean;
                            is_visible: boolean;
                            landing_url: string | null;
                            owner_id: number;
                            start_date: string;
                            title: string;
                            updated_at: string;
                            /** @description valid views, at most a second old, without this request */
                            views: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/campaigns/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Raw events of one campaign
         * @description Access: owner-or-admin.
         */
        get: {
            parameters: {
                query?: {
                    /** @description cursor out of the Link header */
                    after?: string;
                    event_id?: string;
                    format?: "json" | "csv" | "ndjson";
                    /** @description RFC 3339, inclusive, a whole minute */
                    from?: string;
                    limit?: number;
                    /** @description RFC 3339, exclusive, a whole minute */
                    to?: string;
                    traffic?: "valid" | "all" | "invalid";
                    type?: "view" | "true_view" | "click";
                };
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Newest first. The Link header leads on; csv and ndjson stream everything. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description for an admin */
                            actor?: string;
                            /** @description for an admin */
                            address?: string | null;
                            /** Format: uuid */
                            event_id: string;
                            flags: string[];
                            /** @description for an admin */
                            network?: string | null;
                            /** Format: date-time */
                            occurred_at: string;
                            /** Format: date-time */
                            received_at: string;
                            rule: string | null;
                            rule_version: number | null;
                            /** @enum {unknown} */
                            type: "view" | "true_view" | "click";
                            /** @enum {unknown} */
                            verdict: "valid" | "invalid";
                        }[];
                        "application/x-ndjson": string;
                        "text/csv": string;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/campaigns/{id}/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counters as they move
         * @description Access: owner-or-staff.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Server-sent events; the data of each is this object. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": {
                            /** Format: date-time */
                            as_of: string;
                            /** @description every event acknowledged before it is in these numbers; null before anything was read */
                            complete_through: string | null;
                            /** @description valid traffic since the start */
                            totals: {
                                clicks: number;
                                /** @description clicks / views; null at 0 views */
                                ctr: number | null;
                                true_views: number;
                                views: number;
                            };
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/campaigns/{id}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Numbers of one campaign
         * @description Access: owner-or-staff.
         */
        get: {
            parameters: {
                query?: {
                    /** @description RFC 3339, inclusive, a whole minute */
                    from?: string;
                    interval?: "minute" | "hour" | "day";
                    /** @description RFC 3339, exclusive, a whole minute */
                    to?: string;
                    traffic?: "valid" | "all" | "invalid";
                    tz?: string;
                };
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** Format: date-time */
                            as_of: string;
                            campaign_id: number;
                            /** @description every event acknowledged before it is in these numbers; null before anything was read */
                            complete_through: string | null;
                            exactness: string;
                            /** Format: date-time */
                            from: string;
                            /** @enum {unknown} */
                            interval: "minute" | "hour" | "day";
                            notes: string[];
                            series: {
                                clicks: number;
                                complete: boolean;
                                /** @description clicks / views; null at 0 views */
                                ctr: number | null;
                                /** @description the relative error of each figure that is an estimate; absent where all are exact */
                                estimates?: {
                                    [key: string]: {
                                        error: number;
                                    };
                                };
                                final: boolean;
                                /**
                                 * Format: date-time
                                 * @description with the offset of the zone
                                 */
                                start: string;
                                true_views: number;
                                unique_clickers: number;
                                unique_viewers: number;
                                views: number;
                            }[];
                            /** Format: date-time */
                            to: string;
                            totals: {
                                clicks: number;
                                /** @description clicks / views; null at 0 views */
                                ctr: number | null;
                                /** @description the relative error of each figure that is an estimate; absent where all are exact */
                                estimates?: {
                                    [key: string]: {
                                        error: number;
                                    };
                                };
                                true_views: number;
                                unique_clickers: number;
                                unique_viewers: number;
                                views: number;
                            };
                            /** @enum {unknown} */
                            traffic: "valid" | "all" | "invalid";
                            tz: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/campaigns/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: marketer, admin. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/campaigns/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Campaigns compared
         * @description Access: advertiser, marketer, admin.
         */
        get: {
            parameters: {
                query?: {
                    /** @description RFC 3339, inclusive, a whole minute */
                    from?: string;
                    /** @description RFC 3339, exclusive, a whole minute */
                    to?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description At most 100, most valid views first, over the quarter hours that begin in the range. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            campaign_id: number;
                            clicks: number;
                            /** @description clicks / views; null at 0 views */
                            ctr: number | null;
                            /** @description invalid events of any type; the other counts are of valid ones */
                            invalid: number;
                            /** @description invalid events / all events; null where there is none */
                            invalid_share: number | null;
                            title: string;
                            true_views: number;
                            unique_clickers: number;
                            unique_viewers: number;
                            views: number;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Own devices
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: number;
                            name: string;
                            /** @description masked to its last four characters */
                            token: string;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Register a device
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /** @description a registration token of FCM, or a PushSubscription as JSON */
                        token: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: number;
                            name: string;
                            /** @description masked to its last four characters */
                            token: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Forget a device
         * @description Access: signed-in.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/devices/web_push_key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a browser subscribes with
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            public_key: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Access: anyone. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        /** @description Access: anyone. */
        options: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: admin. */
        get: {
            parameters: {
                query?: {
                    after_id?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            kinds: {
                                kind: string;
                                /** @description failed before, or not due yet */
                                later: number;
                                /** @description how long the first that waits has been due */
                                oldest_ms: number | null;
                                /** @description given up after the last try */
                                parked: number;
                                running: number;
                                /** @description due, and taken by nobody */
                                waiting: number;
                            }[];
                            parked: {
                                created_at: string;
                                id: number;
                                kind: string;
                                parked_at: string;
                                payload: {
                                    [key: string]: unknown;
                                };
                                reason: string;
                                tries: number;
                            }[];
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** @description Access: admin. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Access: admin. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/moderation/{kind}/{id}/dismiss": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * dismiss it, and settle its reports
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                    kind: "post" | "comment";
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        note?: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/moderation/{kind}/{id}/hide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * hide it, and settle its reports
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                    kind: "post" | "comment";
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        note?: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/moderation/{kind}/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * restore it, and settle its reports
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                    kind: "post" | "comment";
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        note?: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/moderation/members/{id}/ban": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ban a member: all sessions end
         * @description Access: admin.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                        /** @description RFC 3339; for good without it */
                        until?: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /**
         * Let a banned member sign in again
         * @description Access: admin.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/moderation/members/{id}/warn": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Warn a member
         * @description Access: admin.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/moderation/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was reported on the boards that you moderate
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            author: {
                                display_name: string;
                                id: number;
                            };
                            board_id: number;
                            content: string;
                            /** Format: date-time */
                            first_at: string;
                            id: number;
                            is_hidden: boolean;
                            /** @enum {unknown} */
                            kind: "post" | "comment";
                            post_id: number;
                            reasons: string[];
                            reports: number;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/moderation/words": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Words that are filtered
         * @description Access: admin.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: number;
                            rule: string;
                            word: string;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Filter a word, or change its rule
         * @description Access: admin.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * @description hold: shown once a moderator has looked. allow: holds another one and is none
                         * @enum {unknown}
                         */
                        rule: "refuse" | "hold" | "allow";
                        word: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: number;
                            rule: string;
                            word: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/moderation/words/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Filter it no longer
         * @description Access: admin.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Own inbox, newest first
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: {
                    first_id?: number;
                    last_id?: number;
                    unread?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            actor: {
                                display_name: string;
                                id: number;
                                /** @description masked */
                                username: string;
                            };
                            comment_id: number | null;
                            /** Format: date-time */
                            created_at: string;
                            id: number;
                            is_read: boolean;
                            /** @description null once the post is gone */
                            post: {
                                board_id: number;
                                id: number;
                                title: string;
                            } | null;
                            /** @description in the language of the preferences */
                            text: string;
                            /** @enum {unknown} */
                            type: "post" | "comment" | "reply" | "mention" | "warning";
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read one
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            actor: {
                                display_name: string;
                                id: number;
                                /** @description masked */
                                username: string;
                            };
                            comment_id: number | null;
                            /** Format: date-time */
                            created_at: string;
                            id: number;
                            is_read: boolean;
                            /** @description null once the post is gone */
                            post: {
                                board_id: number;
                                id: number;
                                title: string;
                            } | null;
                            /** @description in the language of the preferences */
                            text: string;
                            /** @enum {unknown} */
                            type: "post" | "comment" | "reply" | "mention" | "warning";
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/grouped": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The inbox with one line for each post and kind
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: {
                    before?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description the latest, three at most */
                            actors: {
                                display_name: string;
                                id: number;
                                /** @description masked */
                                username: string;
                            }[];
                            id: number;
                            /** @description how many did it */
                            people: number;
                            /** @description null once the post is gone */
                            post: {
                                board_id: number;
                                id: number;
                                title: string;
                            } | null;
                            /** @description in the language of the preferences */
                            text: string;
                            /** @enum {unknown} */
                            type: "post" | "comment" | "reply" | "mention" | "warning";
                            unread: number;
                            /** Format: date-time */
                            updated_at: string;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/muted_posts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Hear no more of a post
         * @description Access: signed-in.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /**
         * Hear of it again
         * @description Access: signed-in.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Own preferences
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description consents to advertising messages */
                            advertising: boolean;
                            /** @description and to those between 21:00 and 08:00 in Korea */
                            advertising_at_night: boolean;
                            /**
                             * @description by e-mail, of what is unread
                             * @enum {unknown}
                             */
                            digest: "off" | "daily" | "weekly";
                            /** @enum {unknown} */
                            language: "ko" | "en";
                            muted_posts: number[];
                            /** @description told of own acts too */
                            own_acts: boolean;
                            /** @description no push in between; over midnight too */
                            quiet_hours: {
                                from: string;
                                to: string;
                            } | null;
                            time_zone: string;
                            types: {
                                comment: {
                                    email: boolean;
                                    inbox: boolean;
                                    push: boolean;
                                };
                                mention: {
                                    email: boolean;
                                    inbox: boolean;
                                    push: boolean;
                                };
                                post: {
                                    email: boolean;
                                    inbox: boolean;
                                    push: boolean;
                                };
                                reply: {
                                    email: boolean;
                                    inbox: boolean;
                                    push: boolean;
                                };
                            };
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /**
         * Replace own preferences
         * @description Access: signed-in.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description consents to advertising messages */
                        advertising: boolean;
                        /** @description and to those between 21:00 and 08:00 in Korea */
                        advertising_at_night: boolean;
                        /**
                         * @description by e-mail, of what is unread
                         * @enum {unknown}
                         */
                        digest: "off" | "daily" | "weekly";
                        /** @enum {unknown} */
                        language: "ko" | "en";
                        /** @description told of own acts too */
                        own_acts: boolean;
                        /** @description no push in between; over midnight too */
                        quiet_hours: {
                            from: string;
                            to: string;
                        } | null;
                        time_zone: string;
                        types: {
                            comment: {
                                email: boolean;
                                inbox: boolean;
                                push: boolean;
                            };
                            mention: {
                                email: boolean;
                                inbox: boolean;
                                push: boolean;
                            };
                            post: {
                                email: boolean;
                                inbox: boolean;
                                push: boolean;
                            };
                            reply: {
                                email: boolean;
                                inbox: boolean;
                                push: boolean;
                            };
                        };
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description consents to advertising messages */
                            advertising: boolean;
                            /** @description and to those between 21:00 and 08:00 in Korea */
                            advertising_at_night: boolean;
                            /**
                             * @description by e-mail, of what is unread
                             * @enum {unknown}
                             */
                            digest: "off" | "daily" | "weekly";
                            /** @enum {unknown} */
                            language: "ko" | "en";
                            muted_posts: number[];
                            /** @description told of own acts too */
                            own_acts: boolean;
                            /** @description no push in between; over midnight too */
                            quiet_hours: {
                                from: string;
                                to: string;
                            } | null;
                            time_zone: string;
                            types: {
                                comment: {
                                    email: boolean;
                                    inbox: boolean;
                                    push: boolean;
                                };
                                mention: {
                                    email: boolean;
                                    inbox: boolean;
                                    push: boolean;
                                };
                                post: {
                                    email: boolean;
                                    inbox: boolean;
                                    push: boolean;
                                };
                                reply: {
                                    email: boolean;
                                    inbox: boolean;
                                    push: boolean;
                                };
                            };
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/read_all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read all
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            read: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * New ones as they come (SSE); resumes by Last-Event-ID
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/unread_count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many are unread
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/unsubscribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * No digests any more
         * @description Access: anyone.
         */
        post: {
            parameters: {
                query: {
                    member: number;
                    token: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reactions/{kind}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reactions, the most frequent first
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                    kind: "post" | "comment";
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                            /** @enum {unknown} */
                            emoji: "👍" | "❤️" | "😂" | "😮" | "😢" | "😡";
                            mine: boolean;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reactions/{kind}/{id}/{emoji}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * React
         * @description Access: signed-in.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    emoji: "👍" | "❤️" | "😂" | "😮" | "😢" | "😡";
                    id: number;
                    kind: "post" | "comment";
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                            /** @enum {unknown} */
                            emoji: "👍" | "❤️" | "😂" | "😮" | "😢" | "😡";
                            mine: boolean;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /**
         * Take a reaction back
         * @description Access: signed-in.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    emoji: "👍" | "❤️" | "😂" | "😮" | "😢" | "😡";
                    id: number;
                    kind: "post" | "comment";
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                            /** @enum {unknown} */
                            emoji: "👍" | "❤️" | "😂" | "😮" | "😢" | "😡";
                            mine: boolean;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/{kind}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report a post or comment
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                    kind: "post" | "comment";
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        note?: string;
                        /** @enum {unknown} */
                        reason: "spam" | "abuse" | "illegal" | "personal" | "other";
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: anyone. */
        get: {
            parameters: {
                query: {
                    author?: number;
                    board?: number;
                    /** @description RFC 3339 with offset */
                    from?: string;
                    page?: number;
                    page_size?: number;
                    /** @description words, "phrases", -unwanted ones; read as far as 200 characters */
                    q: string;
                    /** @description RFC 3339 with offset */
                    to?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                            did_you_mean: string | null;
                            /** @description what was searched instead: the keyboard had been switched the wrong way */
                            interpreted_as: string | null;
                            next: string | null;
                            previous: string | null;
                            results: {
                                author: {
                                    display_name: string;
                                    id: number;
                                    username: string;
                                };
                                board: {
                                    description: string;
                                    id: number;
                                    title: string;
                                };
                                created_at: string;
                                /** @description safe HTML; the only tag is mark */
                                highlights: {
                                    content: string;
                                    title: string;
                                };
                                id: number;
                                title: string;
                                updated_at: string;
                                version: number;
                            }[];
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/search/zero-hits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: marketer, admin. */
        get: {
            parameters: {
                query?: {
                    days?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            last_on: string;
                            question: string;
                            times: number;
                        }[];
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lag of the pipeline, and imports
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            checks?: {
                                /** @description findings not settled yet, by kind */
                                open: {
                                    [key: string]: number;
                                };
                                passes: {
                                    done: number;
                                    finished_at: string | null;
                                    name: string;
                                    total: number;
                                }[];
                                repaired: number;
                            };
                            imports: {
                                bytes_read: number;
                                bytes_total: number;
                                eta_ms: number | null;
                                events: number;
                                failure: string | null;
                                finished_at: string | null;
                                id: number;
                                lines: number;
                                lines_total: number;
                                name: string;
                                parked: number;
                                /** @description lines a second */
                                rate: number;
                                started_at: string;
                                /** @enum {unknown} */
                                state: "running" | "done" | "failed" | "interrupted";
                            }[];
                            pipeline: {
                                complete_through: string | null;
                                lag_events: number | null;
                                lag_ms: number | null;
                                parked: number;
                            };
                            /** @description what the recorder has still to copy; absent where no recorder is needed */
                            raw?: {
                                lag_events: number;
                                lag_ms: number | null;
                            };
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/token/pair": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in, for header clients
         * @description Access: anyone.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        password: string;
                        username: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            access: string;
                            refresh: string;
                            username: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/token/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trade a refresh token
         * @description Access: anyone.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        refresh: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            access: string;
                            refresh: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/token/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Whether a token holds
         * @description Access: anyone.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        token: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Members, newest first
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: {
                    page?: number;
                    page_size?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                            next: string | null;
                            previous: string | null;
                            results: {
                                display_name: string;
                                id: number;
                                /** @description Masked, unless it is your own or you are admin. */
                                username: string;
                            }[];
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One member
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            display_name: string;
                            id: number;
                            /** @description Masked, unless it is your own or you are admin. */
                            username: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Delete a member
         * @description Access: self-or-admin.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /**
         * Grant and take away roles
         * @description Access: admin.
         */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        roles: ("member" | "advertiser" | "marketer" | "admin")[];
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            display_name: string;
                            first_name: string;
                            id: number;
                            last_name: string;
                            roles: ("member" | "advertiser" | "marketer" | "admin")[];
                            username: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/users/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign up
         * @description Access: anyone.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        display_name?: string;
                        first_name?: string;
                        last_name?: string;
                        password: string;
                        /** Format: email */
                        username: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            display_name: string;
                            id: number;
                            /** @description Masked, unless it is your own or you are admin. */
                            username: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description Access: anyone.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        password: string;
                        username: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            access: string;
                            refresh: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Access: signed-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        refresh?: string;
                    } | null;
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Own profile
         * @description Access: signed-in.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            display_name: string;
                            first_name: string;
                            id: number;
                            last_name: string;
                            roles: ("member" | "advertiser" | "marketer" | "admin")[];
                            username: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change own profile
         * @description Access: signed-in.
         */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        display_name?: string;
                        first_name?: string;
                        last_name?: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            display_name: string;
                            first_name: string;
                            id: number;
                            last_name: string;
                            roles: ("member" | "advertiser" | "marketer" | "admin")[];
                            username: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/users/renew": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Renew a sign-in by cookie
         * @description Access: anyone.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            detail: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Version of this server
         * @description Access: anyone.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            version: string;
                        };
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: anyone. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: anyone. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/t/c/{campaign}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: anyone. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    campaign: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/t/v.gif": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Access: anyone. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                    };
                };
                /** @description Refused, or not possible now. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description RFC 9457 */
        Problem: {
            code: string;
            detail: string;
            errors?: {
                message: string;
                path: string;
            }[];
            request_id: string;
            status: number;
            title: string;
            type: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
