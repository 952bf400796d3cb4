-- The last letter of each buffer that was taken, written with what it said.
CREATE TABLE progress (
    sink    text        PRIMARY KEY,
    run     bigint      NOT NULL,
    number  bigint      NOT NULL,
    updated timestamptz NOT NULL DEFAULT now()
);
