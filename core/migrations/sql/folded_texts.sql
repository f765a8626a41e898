-- Return the folded texts as ' one | two words |  | four ', in which LIKE '% word %' finds whole words, no phrase extends over
-- two texts, and split_part finds each text. Equal to `core.folding.fold_all`.
CREATE FUNCTION core_fold_all(texts text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    folded text := ' ';
BEGIN
    FOR place IN 1 .. coalesce(cardinality(texts), 0) LOOP
        folded := folded || CASE WHEN place > 1 THEN ' | ' ELSE '' END
            || CASE WHEN texts[place] <> '' THEN public.core_fold(texts[place]) ELSE '' END;
    END LOOP;
    RETURN folded || ' ';
END $$;
