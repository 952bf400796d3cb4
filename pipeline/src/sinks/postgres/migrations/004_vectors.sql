-- Embeddings as vectors, where pgvector is there or can be had.
DO $$
DECLARE
    home text;
BEGIN
    BEGIN
        CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    SELECT quote_ident(nspname) INTO home
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'vector';
    IF home IS NOT NULL THEN
        EXECUTE format(
            'ALTER TABLE rows ALTER COLUMN frame_embedding TYPE %1$s.vector USING frame_embedding::%1$s.vector, '
            'ALTER COLUMN audio_embedding TYPE %1$s.vector USING audio_embedding::%1$s.vector', home);
    END IF;
END
$$;
