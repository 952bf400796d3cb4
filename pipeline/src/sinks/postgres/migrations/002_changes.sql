-- The answers of views that hold now.
CREATE TABLE changes (
    view   text  NOT NULL,
    key    text  NOT NULL,
    source text,
    answer jsonb NOT NULL,
    PRIMARY KEY (view, key)
);
