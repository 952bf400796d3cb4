-- One row for each second of each source and network: the fields of docs/rows.md.
CREATE TABLE rows (
    source          text    NOT NULL,
    segment         bigint  NOT NULL,
    network         text    NOT NULL,
    network_hash    text    NOT NULL,
    session         bigint  NOT NULL,
    start_ns        bigint  NOT NULL,
    end_ns          bigint  NOT NULL,
    wall_clock      timestamptz,
    clock_source    text    NOT NULL,
    frame_pts_ns    bigint,
    audio           text    NOT NULL,
    video           text    NOT NULL,
    audio_dbfs      real,
    dropped         bigint  NOT NULL,
    provider        text    NOT NULL,
    precision       text    NOT NULL,
    correspondence  real,
    distance        real,
    localizable     boolean NOT NULL,
    peak_x          real,
    peak_y          real,
    peak_value      real,
    heatmap         real[],
    frame_embedding real[],
    audio_embedding real[],
    schema          integer NOT NULL,
    PRIMARY KEY (source, segment, network, network_hash)
);

-- Numbers at random are not worth packing.
ALTER TABLE rows ALTER COLUMN heatmap         SET STORAGE EXTERNAL,
                 ALTER COLUMN frame_embedding SET STORAGE EXTERNAL,
                 ALTER COLUMN audio_embedding SET STORAGE EXTERNAL;
