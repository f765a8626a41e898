-- Return the number of decimals of a currency by ISO 4217, 2 if it is unknown. Equal to `core.currencies.minor_units`.
--
-- A function in SQL would be faster for many rows, but constraints call it, which each INSERT would then plan again.
CREATE FUNCTION core_minor_units(currency text) RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE
        WHEN currency IN (
            'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
        ) THEN 0
        WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
        ELSE 2
    END;
END $$;
